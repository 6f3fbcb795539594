"""Pages to look at: made by the command, and taken apart."""

from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

from msgspec.structs import replace

from getput.model import Note, Side

TOP = Path(__file__).parents[2]
DEMO = TOP / "fixtures" / "demo"
PATCH = DEMO / "0001-power-firmware.patch"
FILE = "drivers/demo/demo.c"
SOURCE = (
    "int demo_read(void)",
    "{",
    "\tnp = get();",
    "\tif (ret)",
    "\t\treturn ret;",
    "\tput(np);",
    "\treturn 0;",
    "}",
)
VOID = {"meta", "input", "br", "link", "img", "hr"}
SHAPES = {"path", "rect"}


def getput(*args: object, cwd: Path = TOP) -> str:
    """What the command prints."""
    command = [sys.executable, "-m", "getput", *map(str, args)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, timeout=120, check=False)
    assert done.returncode in (0, 1), done.stderr.decode()
    return done.stdout.decode()


def side(**changes):
    """The function of SOURCE with a way."""
    known = Side(
        FILE,
        10,
        SOURCE,
        way=(12, 13, 14),
        counts=((12, "0/1"), (13, "1"), (14, "1")),
        held=(12, 13, 14),
        notes=(Note(12, "take", "get() takes"), Note(13, "true", "taken"), Note(14, "lost", "lost here")),
        graph='<svg class="cfg" height="10"></svg>',
    )
    return replace(known, **changes)


class Page(HTMLParser):
    """The elements of a page: ``elements`` are (tag, attributes, text inside), in the order of their beginnings.  What closes out of order is
    ``broken``.  Without *scripts* the content of noscript is read, as a browser then does."""

    def __init__(self, html: str, *, scripts: bool = False) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self.open: list[tuple[str, list[str]]] = []
        self.broken: list[str] = []
        if scripts:
            self.CDATA_CONTENT_ELEMENTS = (*HTMLParser.CDATA_CONTENT_ELEMENTS, "noscript")
        self.feed(html)
        self.close()
        self.broken += [tag for tag, _ in self.open]

    def handle_starttag(self, tag: str, attrs) -> None:
        inside: list[str] = []
        self.elements.append((tag, {name: value or "" for name, value in attrs}, inside))
        if tag not in VOID:
            self.open.append((tag, inside))

    def handle_startendtag(self, tag: str, attrs) -> None:
        if tag not in SHAPES:
            self.broken.append(tag)
        self.elements.append((tag, {name: value or "" for name, value in attrs}, []))

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1][0] == tag:
            self.open.pop()
        else:
            self.broken.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        for _, inside in self.open:
            inside.append(data)

    def all(self, tag: str = "", **wanted: str) -> list[tuple[dict[str, str], str]]:
        """(attributes, text) of the elements with this tag and these attributes; ``class_`` is one of several classes."""
        out = []
        for name, attributes, inside in self.elements:
            classes = attributes.get("class", "").split()
            if tag and name != tag:
                continue
            if all(
                value in classes if key == "class_" else attributes.get(key.replace("_", "-")) == value
                for key, value in wanted.items()
            ):
                out.append((attributes, "".join(inside)))
        return out
