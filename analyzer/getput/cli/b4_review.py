"""``getput check --b4-review DIR``: leave remarks where ``b4 review`` finds them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from getput.cli import UsageError
from getput.cli.output import message
from getput.model import Answer
from getput.patch.git import Repository
from getput.patch.gitprocess import GitError
from getput.report.review import IDENTITY, files

NAMES = re.compile(r"(?:\d{4}|series|identity)\.txt")


class Remarks:
    """Where remarks on what is checked out in the repository *top* go."""

    def __init__(self, top: Path, quiet: bool) -> None:
        """Raises UsageError where b4 would not look there, or another reviewer's remarks wait there."""
        git = top / ".git"
        if not git.is_dir():
            raise UsageError(f"--b4-review: {top} is not the top of a git repository")
        try:
            self.folder = git / "b4-review" / Repository(top).head()
        except GitError as error:
            raise UsageError(f"--b4-review: {top}: {error}") from error
        self.quiet = quiet
        identity = self.folder / "identity.txt"
        ours = identity.is_file() and identity.read_text(errors="replace").strip() == IDENTITY
        if self.standing() and not ours:
            raise UsageError(
                f"--b4-review: {self.folder} has another reviewer's remarks, which b4 has not taken up yet"
            )

    def standing(self) -> list[Path]:
        """The remarks that wait for b4."""
        if not self.folder.is_dir():
            return []
        return [path for path in sorted(self.folder.iterdir()) if NAMES.fullmatch(path.name)]

    def left(self, answers: Iterator[Answer]) -> Iterator[Answer]:
        """The answers, each after its remarks were written; what an earlier run left there goes."""
        for answer in answers:
            written = files(answer)
            try:
                self.write(written)
            except OSError as error:
                raise UsageError(f"--b4-review: {error.filename}: {error.strerror}") from error
            if not self.quiet:
                message(
                    f"for b4 review: {len(written)} files in {self.folder}" if written else "for b4 review: nothing"
                )
            yield answer

    def write(self, texts: dict[str, str]) -> None:
        """Put *texts* in the place of what stands there.  Raises OSError."""
        for old in self.standing():
            old.unlink()
        if texts:
            self.folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (self.folder / name).write_bytes(text.encode("utf-8", "replace"))
