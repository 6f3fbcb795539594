"""A file that is being edited, judged against what HEAD has of it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import NamedTuple

from getput.cli import options
from getput.config import Settings
from getput.model import Answer, Finding, Status
from getput.patch import diff
from getput.patch.git import repository
from getput.patch.images import MAX_FILE, FileImages, is_source
from getput.patch.series import Patch, Submission, default_tree
from getput.report.select import shown, wanted
from getput.verdict.current import Current
from getput.verdict.judge import Judge


class Edit(NamedTuple):
    """Lines *first* to *last* (0-based, without *last* itself) give way to *text*."""

    first: int
    last: int
    text: str


class Desk:
    """What is kept between two looks at files that are being edited; *statuses* are what is to be said."""

    def __init__(self, args: Namespace, statuses: frozenset[Status]) -> None:
        self.args = args
        self.statuses = statuses
        self.judges: dict[Path, tuple[Settings, Judge]] = {}

    def findings(self, file: Path, text: str) -> tuple[Finding, ...]:
        """What the user's text of *file* brings, saved or not.  Raises UsageError where the configuration is broken."""
        tree = default_tree(file.parent)
        name = file.relative_to(tree).as_posix()
        if not is_source(name) or len(text) > MAX_FILE:
            return ()
        repo = repository(tree)
        head = None if repo is None else repo.at_head(name)
        before = None if head is None else head.decode("utf-8", "replace").encode()
        args = Namespace(**{**vars(self.args), "tree": tree})
        settings = options.settings(args, tree)
        images = images_of(name, before, text.encode("utf-8", "replace"))
        submission = Submission(name, (Patch(name, None, None, "blobs", (images,)),), ())
        try:
            judge = self.judge(tree, settings)
            full = judge.check(submission)
            if any(finding.status is Status.INTRODUCED for finding in full.findings):
                from getput.verdict.fixes import with_fixes

                full = with_fixes(judge, submission, full)
        except Exception:
            self.judges.pop(tree, None)  # its index may have gone: the next look begins anew
            raise
        answer = wanted(full, settings)
        hidden = options.hidden(args, tree, settings, self.statuses)
        return self.said(answer if hidden is None else hidden.over(full, answer)).findings

    def said(self, answer: Answer) -> Answer:
        """What of *answer* the user wants to hear."""
        return shown(answer, self.statuses)

    def judge(self, tree: Path, settings: Settings) -> Judge:
        """The judge of *tree*, with what its index knows if there is one; a new one where the settings have changed."""
        known = self.judges.get(tree)
        if known is None or known[0] != settings:
            current = Current(tree, settings)
            known = (settings, Judge(tree, settings, current.names, current.mentioning))
            self.judges[tree] = known
        return known[1]


def images_of(name: str, before: bytes | None, after: bytes) -> FileImages:
    """Both images of the file *name*, and which of their lines differ."""
    old = [] if before is None else before.splitlines()
    new = after.splitlines()
    hunks = tuple(changes(old, new))
    return FileImages(
        path=name,
        old_path=None if before is None else name,
        before=before,
        after=after,
        added=frozenset(line for _, _, start, count in hunks for line in range(start, start + count)),
        removed=frozenset(line for start, count, _, _ in hunks for line in range(start, start + count)),
        hunks=hunks,
    )


def changes(old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[tuple[int, int, int, int]]:
    """(start, count) of each changed part before and after, 1-based; only what lies between equal ends is compared line by line."""
    first = 0
    while first < min(len(old), len(new)) and old[first] == new[first]:
        first += 1
    last = 0
    while last < min(len(old), len(new)) - first and old[-1 - last] == new[-1 - last]:
        last += 1
    matcher = SequenceMatcher(None, old[first : len(old) - last], new[first : len(new) - last], autojunk=False)
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind != "equal":
            yield first + i + 1, j - i, first + k + 1, m - k


def edits(fix: str, name: str, text: str) -> list[Edit] | None:
    """What the unified diff *fix* changes in the file *name*, whose text is *text*; None where it touches another file, or
    does not fit."""
    lines = text.splitlines(keepends=True)
    out: list[Edit] = []
    for file in diff.parse(fix, message=False):
        if file.path != name or file.problem is not None or file.kind != "modified":
            return None
        for hunk in file.hunks:
            old = [line.decode("utf-8", "replace") for tag, line in hunk.lines if tag != "+"]
            new = [line.decode("utf-8", "replace") for tag, line in hunk.lines if tag != "-"]
            first = hunk.old_start - 1 if old else hunk.old_start
            if [line.rstrip("\r\n") for line in lines[first : first + len(old)]] != old:
                return None
            out.append(Edit(first, first + len(old), "".join(f"{line}\n" for line in new)))
    return out or None
