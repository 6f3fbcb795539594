"""What the headers of the tree offer: rules about an API have nothing to say of a tree without it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from getput.untrusted import contents

if TYPE_CHECKING:
    from getput.patch.series import Submission


class Offered:
    """The headers of one tree, each read when a rule asks for a name in it; *tree* is None where there is none."""

    def __init__(self, tree: Path | None) -> None:
        self.tree = tree
        self.texts: dict[str, bytes | None] = {}
        self.patched: dict[str, bytes] = {}

    def told(self, submission: Submission) -> None:
        """What a series makes of headers counts, as its last patch leaves them."""
        self.patched = {
            images.path: images.after
            for patch in submission.patches
            for images in patch.files
            if images.path.startswith("include/") and images.after is not None and images.whole
        }

    def lacking(self, asked: tuple[tuple[str, str], ...]) -> frozenset[str]:
        """Those of the names *asked* for, each with its header, that the header is there to have and has not."""
        return frozenset([name for header, name in asked if self.lacks(header, name.encode())])

    def lacks(self, header: str, name: bytes) -> bool:
        """Whether *header* can be read and does not contain *name*."""
        text = self.patched.get(header)
        if text is None:
            if header not in self.texts:
                self.texts[header] = self.read(header)
            text = self.texts[header]
        return text is not None and name not in text

    def read(self, header: str) -> bytes | None:
        """The text of a header; None where it cannot be read."""
        if self.tree is None:
            return None
        try:
            return contents(self.tree / header, within=self.tree)
        except OSError:
            return None
