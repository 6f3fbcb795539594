"""The judge of one process: tasks in, answers as the results keep them out."""

from __future__ import annotations

import gc
import json
import os
import socket
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from getput.csource.macros import Macros, bundled, clang_format_iterators
from getput.fleet.patches import opened
from getput.fleet.tasks import Batch, Found, Judged, JudgedPatch, Task, Word
from getput.fleet.world import World
from getput.index.names import Names
from getput.model import Answer, FileAnswer, Finding, PatchAnswer, Status
from getput.patch.git import Change, Repository, repository
from getput.patch.gitprocess import GitError
from getput.patch.images import Tree
from getput.patch.series import Submission, committed, put_together
from getput.patch.snapshot import Snapshot
from getput.report.json_ import finding_object
from getput.report.select import wanted
from getput.report.table import subsystem
from getput.verdict.folder import MAX_FILES, Folders
from getput.verdict.judge import Judge
from getput.verdict.offered import Offered

SWEPT = 50  # tasks between two looks for garbage in circles, for which the collector alone comes late
MAX_NAMES = 50_000  # answers of the index that are kept for the next patch


class UnfitError(Exception):
    """This process cannot give the answers that are asked for: it has another tree, another getput, or lacks a commit."""


class Worker:
    """Judges what is put before it in one world, whose tree lies at *tree*; *away* from whoever made its index true.  Raises UnfitError."""

    def __init__(self, world: World, tree: Path, *, away: bool = False) -> None:
        self.world = world
        self.tree = tree
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self.judge = Judge(tree, world.settings)
        if world.index:
            self._use_index(away)
        self.historian: Historian | None = None
        self.changes: dict[str | None, Change] = {}  # of the commits that are at hand
        self.done = 0  # tasks

    def _use_index(self, away: bool) -> None:
        """Judge with what the index knows.  Raises UnfitError where there is none that fits."""
        from getput.verdict.current import NONE, PARTIAL, USED, Current

        current = Current(self.tree, self.world.settings, frozen=True)
        if current.state != USED:
            whys = {NONE: "there is no index", PARTIAL: "a scan made the index"}
            what = whys.get(current.state, "another getput made the index")
            raise UnfitError(f"{what} of {self.tree} (run getput index --tree {self.tree})")
        if away and current.behind():
            raise UnfitError(
                f"files of {self.tree} have changed since its index was made (run getput index --tree {self.tree})"
            )
        self.judge = Judge(self.tree, self.world.settings, current.names, current.mentioning)

    def batch(self, batch: Batch) -> list[Judged]:
        """What comes of each task; nothing that one is can keep the others from being judged.  Raises UnfitError."""
        self._fetch([task.commit for task in batch.tasks if task.commit])
        judged = []
        for task in batch.tasks:
            judged.append(self.task(task))
            self.done += 1
            if self.done % SWEPT == 0:
                gc.collect()
        return judged

    def _fetch(self, commits: Sequence[str]) -> None:
        """Read the patches of all *commits* by one git.  Raises UnfitError."""
        if not commits:
            return
        try:
            self.changes = {change.commit: change for change in self._git().commits(commits)}
        except GitError as error:
            raise UnfitError(f"{self.tree}: {error}") from error

    def _git(self) -> Repository:
        git = repository(self.tree)
        if git is None:
            raise UnfitError(f"no git repository around {self.tree}")
        return git

    def task(self, task: Task) -> Judged:
        """What comes of one."""
        start = time.perf_counter()
        try:
            answer = self._commit(task.commit) if task.commit else self._series(task)
        except UnfitError:
            raise
        except Exception as error:  # noqa: BLE001 -- whatever it is, thousands of others are waiting
            return broken(task, f"internal error: {type(error).__name__}: {error}", self.name)
        patches = tuple(_kept(answer, self.world))
        _bounded(self.judge.names)
        return Judged(task.key, patches, round((time.perf_counter() - start) * 1000, 1), self.name)

    def _series(self, task: Task) -> Answer:
        series = [(f"patch {number}", opened(body)) for number, body in enumerate(task.bodies, 1)]
        submission = put_together("", series, Tree(self.tree), repository(self.tree))
        return self.judge.check(submission)

    def _commit(self, commit: str) -> Answer:
        git = self._git()
        change = self.changes.get(commit)
        if change is None:
            raise UnfitError(f"{self.tree} does not have the commit {commit}")
        self.historian = self.historian or Historian(self.world, git)
        answer = self.historian.at(commit, committed("", change, git))
        if git.trouble is not None:  # what was judged without some of its files is no answer
            raise UnfitError(f"{self.tree}: {git.trouble}")
        return answer


class Historian(Judge):
    """Judges commits, each in the tree that it makes, whose files are read from the repository *git*."""

    def __init__(self, world: World, git: Repository) -> None:
        super().__init__(None, world.settings)
        self.git = git
        self.snapshot = Snapshot(git, "")
        self.read: tuple[bytes | None, Macros] = (None, self.macros)  # the last .clang-format, and what it says

    def at(self, commit: str, submission: Submission) -> Answer:
        """What *submission*, the patch of *commit*, introduces."""
        self.snapshot = Snapshot(self.git, commit)
        self.folders = PastFolders(self)
        self.offered = PastHeaders(self.snapshot)
        if any(images.status == "ready" for patch in submission.patches for images in patch.files):
            self.macros = self._macros()
        return self.check(submission)

    def files(self) -> Tree:
        """The files of the commit."""
        return self.snapshot

    def _macros(self) -> Macros:
        text = self.snapshot.data(".clang-format")
        if text != self.read[0]:
            known = bundled()
            own = frozenset(self.settings.iterators) | clang_format_iterators(text or b"")
            self.read = (
                text,
                Macros(
                    known.iterators | own,
                    known.once,
                    known.attributes,
                    known.with_arguments,
                    known.types,
                    known.declarers,
                ),
            )
        return self.read[1]


class PastFolders(Folders):
    """The folders of a commit."""

    def __init__(self, historian: Historian) -> None:
        super().__init__(None, historian.vocabulary)
        self.snapshot = historian.snapshot

    def read(self, folder: str) -> dict[str, bytes] | None:
        """The C sources in *folder* and below, as ``Folders`` has them."""
        names = self.snapshot.sources(folder, MAX_FILES)
        if names is None or len(names) > MAX_FILES:
            return None
        paths = [name if folder == "." else f"{folder}/{name}" for name in names]
        texts = ((path, self.snapshot.data(path)) for path in paths)
        return {path: text for path, text in texts if text is not None}


class PastHeaders(Offered):
    """The headers of a commit."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__(None)
        self.snapshot = snapshot

    def read(self, header: str) -> bytes | None:
        """The text of a header; None where there is none."""
        return self.snapshot.data(header)


def broken(task: Task, message: str, worker: str = "") -> Judged:
    """The answer to a task of which nothing could be judged."""
    one = JudgedPatch(Word.UNJUDGED.value, None, message, "[]")
    return Judged(task.key, (one,) * task.size, 0.0, worker)


def _bounded(names: Names | None) -> None:
    if names is not None and len(names.answers) + len(names.found) > MAX_NAMES:
        names.answers.clear()
        names.found.clear()


# --- what is kept ----------------------------------------------------------------------------------------------------


def _kept(answer: Answer, world: World) -> Iterator[JudgedPatch]:
    """What the results keep of each patch of an answer."""
    answer = wanted(answer, world.settings)
    for ordinal, patch in enumerate(answer.patches):
        where = f"patch {ordinal + 1}"
        why = [error.message for error in answer.errors if error.where == where or not error.where.startswith("patch ")]
        found = [one for one in answer.findings if (one.patch or 0) == ordinal]
        shown = [one for one in found if one.status in world.statuses]
        files = [{"path": one.path, "status": one.status, "reason": one.reason} for one in patch.files]
        yield JudgedPatch(
            _word(patch, found, why).value,
            patch.applied,
            "\n".join(dict.fromkeys([*why, *_bounds(patch.files)])),
            json.dumps(files, separators=(",", ":")),
            tuple(_found(one) for one in shown),
        )


def _word(patch: PatchAnswer, found: Sequence[Finding], why: Sequence[str]) -> Word:
    states = Counter(file.status for file in patch.files)
    if any(one.status is Status.INTRODUCED for one in found):
        return Word.INTRODUCED
    if states["analysed"]:
        return Word.PARTLY if why or states["failed"] or any(_bounds(patch.files)) else Word.CLEAN
    return Word.UNJUDGED if why or states["failed"] else Word.NOTHING


def _bounds(files: Sequence[FileAnswer]) -> Iterator[str]:
    """What of the functions in *files* was not judged, or not all of it."""
    for file in files:
        if file.status == "analysed" and file.reason:
            yield f"{file.path}: {file.reason}"
        if file.unparsed:
            yield f"{file.path}: {file.unparsed} of {file.judged} functions not fully parsed"
        if file.bounded:
            yield f"{file.path}: {file.bounded} of {file.judged} functions judged in part"


def _found(one: Finding) -> Found:
    said = finding_object(replace(one, patch=0))
    return Found(
        one.rule,
        one.severity.value,
        one.confidence.value,
        one.status.value,
        _text(one.file),
        one.line,
        _text(one.function),
        _text(one.object),
        one.family,
        _text(subsystem(one)),
        one.fingerprint,
        _text(one.message),
        json.dumps(said, separators=(",", ":")),
    )


def _text(text: str) -> str:
    """*text* as UTF-8 can hold it."""
    return text.encode("utf-8", "backslashreplace").decode()
