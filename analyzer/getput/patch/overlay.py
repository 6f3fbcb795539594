"""A series against its tree: which way round it applies, and both images of every file between its patches."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from getput.patch import fit as fitting
from getput.patch import images as make
from getput.patch.diff import FileDiff
from getput.patch.fit import EXACT, FUZZ2, OFFSET, Fit, Misfit, Text
from getput.patch.git import Repository
from getput.patch.images import FileImages, Tree, UnreadableError

SETTLED, ABSENT, FAILED = -1, 4, 5  # beside the levels of a fit
MAX_IMAGES = 512 << 20  # bytes of all after- or all before-images made for one submission
TOO_MUCH = "the files before it fill the memory set aside for one submission"
UNLIKELY = 20  # the doubt of a new file that is already there, or a deleted one that is not


class Applied(StrEnum):
    """Where the images of a patch come from."""

    FORWARD = "forward"
    ALREADY = "already"
    BLOBS = "blobs"
    HUNKS_ONLY = "hunks-only"


class Outcome(msgspec.Struct, frozen=True):
    """The images of one file, and how well they fit: SETTLED, a level of a fit, ABSENT (no such file) or FAILED."""

    images: FileImages
    level: int
    doubt: int = 0
    found: Fit | None = None
    blobs: bool = False


class PatchImages(msgspec.Struct, frozen=True):
    """What became of one patch; ``alone`` says that it fits on its own only, not in its place in the series."""

    applied: Applied | None
    files: tuple[FileImages, ...]
    alone: bool = False


def resolve(series: Sequence[Sequence[FileDiff]], tree: Tree, repository: Repository | None) -> list[PatchImages]:
    """Images of all files of all patches of *series*, which are applied in order.

    One direction is chosen for all: the one in which more fits, and what fits fits better.  A patch of which more fits
    on its own is taken on its own.
    """
    known = {} if repository is None else _from_blobs(series, repository)
    run, other = _chosen(series, tree, known)
    out: list[PatchImages] = []
    for number, patch in enumerate(series):
        outcomes, backward, alone = run.outcomes[number], run.backward, False
        if _failures(outcomes) and len(series) > 1:
            single, _ = _chosen([patch], tree, known)
            if _failures(single.outcomes[0]) < _failures(outcomes):
                outcomes, backward, alone = single.outcomes[0], single.backward, True
        elif _failures(outcomes) and other is not None:
            outcomes = [
                theirs if mine.level in (ABSENT, FAILED) and EXACT <= theirs.level <= OFFSET else mine
                for mine, theirs in zip(outcomes, other.outcomes[number], strict=True)
            ]
        out.append(PatchImages(_applied(outcomes, backward), tuple(one.images for one in outcomes), alone))
    return out


class _Run:
    """One way through the series; ``complete`` if everything fits no looser than *worst*."""

    def __init__(
        self, series: Sequence[Sequence[FileDiff]], tree: Tree, known: dict[int, FileImages], backward: bool
    ) -> None:
        self.series = series
        self.tree = tree
        self.known = known
        self.backward = backward
        self.outcomes: list[list[Outcome]] = [[] for _ in series]
        self.complete = True
        self._now: dict[str, Text | bytes | None] = {}  # as the patches so far have left it
        self._next: dict[str, Text | bytes | None] = {}  # what the current patch has written
        self._gone: list[str] = []  # what it has removed
        self._held = 0

    def go(self, worst: int, to_the_end: bool) -> _Run:
        """Apply, or take back from the last; unless *to_the_end*, stop where something fits looser than *worst*."""
        numbers = range(len(self.series))
        for number in reversed(numbers) if self.backward else numbers:
            patch = self.series[number]
            for diff in reversed(patch) if self.backward else patch:
                outcome = self.one(diff, worst)
                self.outcomes[number].append(outcome)
                if outcome.level > worst:
                    self.complete = False
                    if not to_the_end:
                        return self
                if EXACT <= outcome.level <= FUZZ2 and outcome.images.status == "ready":
                    self.keep(diff, outcome.images)
            if self.backward:
                self.outcomes[number].reverse()
            self._now |= dict.fromkeys(self._gone)
            self._now |= self._next
            self._next.clear()
            self._gone.clear()
        return self

    def one(self, diff: FileDiff, worst: int) -> Outcome:
        """One file of one patch."""
        plain = make.settled(diff)
        if plain is not None:
            return Outcome(plain, SETTLED)
        if id(diff) in self.known:
            return Outcome(self.known[id(diff)], EXACT, blobs=True)
        try:
            path = (diff.new_path if self.backward else diff.old_path) or diff.path
            text = self.text(path, moved=diff.kind in ("renamed", "copied"))
        except UnreadableError as error:
            images = make.skipped(diff, str(error)) if error.skip else make.failed(diff, f"{diff.path}: {error}")
            return Outcome(images, SETTLED)
        if diff.kind in ("new", "deleted"):
            return self.whole(diff, text)
        if self._held > MAX_IMAGES:
            return Outcome(make.skipped(diff, TOO_MUCH), SETTLED)
        if text is None:
            images = make.fragments(diff)
            self._held += len(images.before or b"") + len(images.after or b"")
            return Outcome(images, ABSENT)
        return self.fitted(diff, text, worst)

    def fitted(self, diff: FileDiff, text: Text, worst: int) -> Outcome:
        """A file that is there on both sides."""
        found = fitting.fit(text, diff.hunks, self.backward, worst)
        if isinstance(found, Misfit) and text.lines and text.lines[0].endswith(b"\r"):
            diff = _with_cr(diff)
            found = fitting.fit(text, diff.hunks, self.backward, worst)
        if isinstance(found, Misfit):
            hunk = found.hunk
            return Outcome(
                make.failed(diff, f"hunk {hunk.ordinal} of {diff.path} (line {hunk.line}) does not apply"), FAILED
            )
        applied = fitting.apply(text, diff.hunks, found, self.backward)
        self._held += len(applied.data)
        return Outcome(make.ready(diff, text, applied, self.backward), found.level, found=found)

    def whole(self, diff: FileDiff, text: Text | None) -> Outcome:
        """A file that the patch makes or removes: its diff holds all of it, the tree only tells the direction."""
        if not diff.hunks:
            if text is None or self.backward:
                return Outcome(make.skipped(diff, "deleted, and the diff does not show what it held"), SETTLED)
            lines = frozenset(range(1, len(text.lines) + 1))
            images = FileImages(
                diff.path, diff.old_path, text.data, None, removed=lines, hunks=((1, len(lines), 1, 0),)
            )
            return Outcome(images, EXACT)
        images = make.complete(diff)
        if images.status != "ready":
            return Outcome(images, SETTLED)
        there = (diff.kind == "new") == self.backward
        if not there:
            return Outcome(images, EXACT) if text is None else Outcome(images, FUZZ2, UNLIKELY)
        if text is None:
            return Outcome(images, FUZZ2, UNLIKELY)
        content = images.after if diff.kind == "new" else images.before
        return Outcome(images, EXACT) if content == text.data else Outcome(images, OFFSET, UNLIKELY // 2)

    def text(self, path: str, moved: bool) -> Text | None:
        """The file as it stands at this point.

        What is renamed or copied is the file as it stood before the patch, which may write another one in its place.
        """
        files = self._next if path in self._next and not moved else self._now
        if path not in files:
            return self.tree.text(path)
        now = files[path]
        if isinstance(now, bytes):
            now = files[path] = Text(now)
        return now

    def keep(self, diff: FileDiff, images: FileImages) -> None:
        """Go on from what this file has become."""
        here, there = (diff.new_path, diff.old_path) if self.backward else (diff.old_path, diff.new_path)
        copied = diff.kind == "copied"
        if here is not None and here != there and (self.backward or not copied):
            self._gone.append(here)
        if there is not None and not (self.backward and copied):
            self._next[there] = images.before if self.backward else images.after


def _chosen(series: Sequence[Sequence[FileDiff]], tree: Tree, known: dict[int, FileImages]) -> tuple[_Run, _Run | None]:
    """The better run; and the other one if both went to the end."""
    for backward in (False, True):
        run = _Run(series, tree, known, backward).go(EXACT, to_the_end=False)
        if run.complete:
            return run, None
    forward = _Run(series, tree, known, backward=False).go(FUZZ2, to_the_end=True)
    already = _Run(series, tree, known, backward=True).go(FUZZ2, to_the_end=True)
    return (already, forward) if _is_already(forward, already) else (forward, already)


def _is_already(forward: _Run, already: _Run) -> bool:
    """Which way more fits, and where that is the same, which way convinces more; not yet applied if neither does."""
    pairs = [pair for ways in zip(forward.outcomes, already.outcomes, strict=True) for pair in zip(*ways, strict=True)]
    misses = _failures([before for before, _ in pairs]) - _failures([after for _, after in pairs])
    total = 0
    for before, after in pairs:
        total += before.doubt - after.doubt
        if before.found is not None and after.found is not None:
            total += fitting.leaning(before.found, after.found)
    return misses > 0 or (misses == 0 and total > 0)


def _from_blobs(series: Sequence[Sequence[FileDiff]], repository: Repository) -> dict[int, FileImages]:
    """Images of the files whose blobs the repository has and whose hunks fit them, by the identity of the diff."""
    out: dict[int, FileImages] = {}
    held = 0
    for patch in series:
        for diff in patch:
            if make.settled(diff) is not None or diff.kind == "new" or not diff.hunks:
                continue
            if held > MAX_IMAGES:
                out[id(diff)] = make.skipped(diff, TOO_MUCH)
                continue
            for name, backward in ((diff.old_blob, False), (diff.new_blob, True)):
                data = repository.blob(name, make.MAX_FILE) if name else None
                if data is None:
                    continue
                text = Text(data)
                found = fitting.fit(text, diff.hunks, backward, EXACT)
                if isinstance(found, Fit):
                    held += 2 * len(data)
                    out[id(diff)] = make.ready(diff, text, fitting.apply(text, diff.hunks, found, backward), backward)
                    break
    return out


def _with_cr(diff: FileDiff) -> FileDiff:
    """The diff as it was before a mail program took the carriage returns."""
    hunks = tuple(
        msgspec.structs.replace(hunk, lines=tuple((tag, line.removesuffix(b"\r") + b"\r") for tag, line in hunk.lines))
        for hunk in diff.hunks
    )
    return msgspec.structs.replace(diff, hunks=hunks)


def _failures(outcomes: Sequence[Outcome]) -> int:
    return sum(one.level in (ABSENT, FAILED) for one in outcomes)


def _applied(outcomes: Sequence[Outcome], backward: bool) -> Applied | None:
    """One word for the whole patch; None where nothing of it could be applied."""
    levels = [one.level for one in outcomes if one.images.status == "ready"]
    if not levels:
        return None
    if all(level == ABSENT for level in levels):
        return Applied.HUNKS_ONLY
    if any(one.blobs for one in outcomes):
        return Applied.BLOBS
    return Applied.ALREADY if backward else Applied.FORWARD
