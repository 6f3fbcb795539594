"""The entry of the package: inputs in, submissions with the images of every touched file out."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from getput.model import Problem
from getput.patch import diff as diffs
from getput.patch.git import Change, GitError, Repository, repository, work_tree
from getput.patch.images import FileImages, Tree, is_source
from getput.patch.mail import Mail, split
from getput.patch.order import ordered
from getput.patch.overlay import resolve

MAX_INPUT = 512 << 20  # bytes


class TreeError(ValueError):
    """The tree does not exist or cannot be read."""


class Patch(msgspec.Struct, frozen=True):
    """One patch: ``applied`` is "forward", "already", "blobs" or "hunks-only", and None where nothing of it could be applied."""

    subject: str
    message_id: str | None
    commit: str | None
    applied: str | None
    files: tuple[FileImages, ...]


class Submission(msgspec.Struct, frozen=True):
    """What is judged together: one input, or all of them as one series; ``problems`` say what of it cannot be judged."""

    name: str
    patches: tuple[Patch, ...]
    problems: tuple[Problem, ...]


class _Part(msgspec.Struct, frozen=True):
    """One mail, commit or index, and the input it comes from."""

    where: str
    mail: Mail
    is_mail: bool = True


def default_tree(cwd: Path) -> Path:
    """The root of the git work tree around *cwd*, else *cwd* itself."""
    root = work_tree(cwd)
    return cwd if root is None or not (root / ".git").exists() else root


def read_submissions(
    inputs: Sequence[str],
    tree: Path | None,
    each: bool,
    staged: bool = False,
    stdin: BinaryIO | bytes | None = None,
) -> Iterator[Submission]:
    """One submission an input if *each*, else one for all; read as they are asked for, so memory stays flat.

    An input is a file, "-" for *stdin*, or a git revision or range of the repository around *tree*; *staged* adds the index.  An input that
    cannot be read is a submission with problems.  Raises TreeError, before the first submission, for a tree that is none.
    """
    if tree is not None:
        _check(tree)
    if each:
        for name in [*inputs, *(["--staged"] if staged else [])]:
            yield _submission([name], tree, staged and name == "--staged", stdin)
    else:
        yield _submission([*inputs, *(["--staged"] if staged else [])], tree, staged, stdin)


def _check(tree: Path) -> None:
    """Raises TreeError unless *tree* is a folder that can be read."""
    try:
        about = tree.stat()
    except OSError as error:
        raise TreeError(f"{tree}: {error.strerror}") from error
    if not stat.S_ISDIR(about.st_mode):
        raise TreeError(f"{tree}: not a folder")
    if not os.access(tree, os.R_OK | os.X_OK):
        raise TreeError(f"{tree}: cannot be read")


def _submission(names: Sequence[str], tree: Path | None, staged: bool, stdin: BinaryIO | bytes | None) -> Submission:
    problems: list[Problem] = []
    parts: list[_Part] = []
    git = None if tree is None else repository(tree)
    for name in names:
        try:
            if staged and name == "--staged":
                parts += _index(git)
            elif name == "-":
                parts += _mails("-", _standard_input(stdin))
            else:
                parts += _named(name, git)
        except (OSError, GitError) as error:
            problems.append(Problem(name, getattr(error, "strerror", None) or str(error)))
    empty = not parts and not problems
    with_diff = [
        (part, files) for part in parts if (files := list(diffs.parse(part.mail.text, part.mail.line, is_source)))
    ]
    for name in names:
        if any(part.where == name for part in parts) and not any(part.where == name for part, _ in with_diff) or empty:
            problems.append(Problem(name, "nothing is staged" if staged and name == "--staged" else "no patch in it"))
    patches = _patches(with_diff, tree, git, problems)
    return Submission(" ".join(names), patches, tuple(problems))


def _patches(
    found: list[tuple[_Part, list[diffs.FileDiff]]], tree: Path | None, git: Repository | None, problems: list[Problem]
) -> tuple[Patch, ...]:
    """The patches in their order, with all their images; what cannot be judged goes to *problems*."""
    by_mail = {id(part.mail): (part, files) for part, files in found}
    mails, superseded = ordered([part.mail for part, _ in found])
    for mail in superseded:
        problems.append(
            Problem(by_mail[id(mail)][0].where, f"{mail.subject}: left out, a newer version of it is there")
        )
    series = [by_mail[id(mail)] for mail in mails]
    out: list[Patch] = []
    for (part, _), became in zip(series, resolve([files for _, files in series], Tree(tree), git), strict=True):
        mail = part.mail
        for file in became.files:
            if file.status == "failed" and file.reason:
                problems.append(Problem(part.where, file.reason))
        if became.alone:
            title = mail.subject or "patch"
            problems.append(Problem(part.where, f"{title}: applies on its own only, not after the patches before it"))
        out.append(Patch(mail.subject, mail.message_id, mail.commit, became.applied, became.files))
    return tuple(out)


def _named(name: str, git: Repository | None) -> list[_Part]:
    """A file if there is one of this name, else a revision.  Raises OSError or GitError."""
    try:
        about = os.stat(name)
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        if git is None:
            raise GitError("no such file, and no git repository that could have a revision of this name") from error
        try:
            return [_commit(name, change) for change in git.changes(name)]
        except GitError as said:
            raise GitError(f"no such file, and no git revision: {said}") from said
    if stat.S_ISDIR(about.st_mode):
        raise GitError("is a folder, not a patch")
    if about.st_size > MAX_INPUT:
        raise GitError(f"larger than {MAX_INPUT >> 20} MB")
    return _mails(name, Path(name).read_bytes())


def _standard_input(stdin: BinaryIO | bytes | None) -> bytes:
    if isinstance(stdin, bytes):
        return stdin
    return (sys.stdin.buffer if stdin is None else stdin).read(MAX_INPUT)


def _mails(name: str, raw: bytes) -> list[_Part]:
    return [_Part(name, mail) for mail in split(raw)]


def _index(git: Repository | None) -> list[_Part]:
    """What is staged.  Raises GitError."""
    if git is None:
        raise GitError("no git repository: nothing can be staged")
    return [_commit("--staged", git.staged())]


def _commit(name: str, change: Change) -> _Part:
    text = change.diff.decode("utf-8", "surrogateescape")
    return _Part(name, Mail(change.subject, None, change.commit, text), is_mail=False)
