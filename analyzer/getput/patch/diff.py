"""From the text of a patch to one value per touched file.  The only module that imports unidiff.

The text is cut into file sections and hunks here, each is counted against its header, and only what holds is given to
unidiff, one section at a time: so a bad hunk takes its own file with it and no other, and what mail programs and people
add around a diff is never taken for a part of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec

from getput.patch import paths
from getput.pattern import pattern

if TYPE_CHECKING:
    from unidiff.patch import Hunk as ParsedHunk

MAX_SECTION = 10 << 20  # characters of one file's part of a diff
MAX_HEADER_LINE = 10_000  # characters
_LINK = "120000"


class Hunk(msgspec.Struct, frozen=True):
    """One hunk: where it says it lies (1-based, as in its header), and its lines.

    ``lines`` holds (tag, text): the tag is " ", "-" or "+", the text has no line end.  ``old_open`` and ``new_open``
    say that the last line of that side has no newline.  ``ordinal`` is 1-based within the file; ``line`` is the
    header's line in the input, 1-based.
    """

    ordinal: int
    old_start: int
    old_count: int
    new_start: int
    new_count: int
    section: str
    line: int
    lines: tuple[tuple[str, bytes], ...]
    old_open: bool = False
    new_open: bool = False


class FileDiff(msgspec.Struct, frozen=True):
    """What a patch does to one file.

    ``kind`` is "modified", "new", "deleted", "renamed", "copied", "mode", "link", "binary" or "combined"; ``old_path``
    is None for a new file and ``new_path`` for a deleted one.  Blob ids are as in the ``index`` line (abbreviated or
    full), None where unknown or all zeros.  ``problem`` says why the file's part of the diff cannot be used; ``hunks``
    is then empty, as it is where the caller did not want them.  ``line`` is where the section starts in the input,
    1-based.
    """

    old_path: str | None
    new_path: str | None
    old_blob: str | None
    new_blob: str | None
    kind: str
    hunks: tuple[Hunk, ...]
    line: int
    problem: str | None = None

    @property
    def path(self) -> str:
        """The path after the patch; before it, of a deleted file."""
        return self.new_path or self.old_path or ""


_EXTENDED = (
    r"(?:old mode|new mode|deleted file mode|new file mode|copy from|copy to|rename from|rename to|similarity index"
    r"|dissimilarity index|index [0-9a-f]+\.\.|GIT binary patch|Binary files )"
)
_START = pattern(
    rf"^(?:diff --git .*\n(?={_EXTENDED}|--- )|diff --(?:cc|combined) .*\n(?=index |mode |new file|deleted)"
    r"|--- .*\n(?=\+\+\+ .*\n@@ -))",
    re.MULTILINE,
)
_HEADER = pattern(rf"{_EXTENDED}|--- |\+\+\+ ")
_HUNK = pattern(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@(.*)\n?")
_SEPARATOR = pattern(r"^---[ \t]*\n", re.MULTILINE)
_STAT = pattern(
    r"^ \d+ files? changed(?:, \d+ [^\n]*)?\n"
    r"(?: (?:create|delete|rename|copy|rewrite|mode change) [^\n]*\n)*(?:[ \t]*\n)*"
    r"(?=diff --git |--- |Index: |diff -)",
    re.MULTILINE,
)


def parse(
    text: str, first_line: int = 1, wanted: Callable[[str], bool] | None = None, message: bool = True
) -> Iterator[FileDiff]:
    """Every file of the diff in *text*, in its order; nothing where there is no diff.

    *text* is the decoded text of a mail or a bare diff; its first line is line *first_line* of the input.  The hunks of
    a file whose path *wanted* refuses are passed over unread.  With *message* a commit message may stand before the
    diff.
    """
    at = diff_start(text) if message else 0
    line, counted = first_line, 0
    while (start := _START.search(text, at)) is not None:
        line += text.count("\n", counted, start.start())
        counted = start.start()
        section = _Section(text, start.start(), line)
        section.read_header()
        keep = wanted is None or wanted(section.path)
        section.read_hunks(keep)
        yield section.value()
        at = max(section.at, start.end())


def diff_start(text: str) -> int:
    """Where the message ends: an offset at or before the first file section of the diff.

    A message may quote diffs and rules of dashes.  Behind the diffstat there is none of it left; where there is no
    diffstat, the first ``---`` line of its own ends the message, as it does for ``git am``.
    """
    separator = _SEPARATOR.search(text)
    if separator is None:
        return 0
    stat = _STAT.search(text, separator.end())
    if stat is not None:
        return stat.end()
    return separator.end() if _START.search(text, separator.end()) else 0


class _Section:
    """One file's part of a diff, read from ``at`` on."""

    def __init__(self, text: str, start: int, line: int) -> None:
        self.text = text
        self.at = self.start = start
        self.line = line
        self.git: tuple[str, str] | None = None
        self.old: str | None = None
        self.new: str | None = None
        self.extended: dict[str, str] = {}
        self.binary = self.combined = self.link = self.named = False
        self.blobs: tuple[str | None, str | None] = (None, None)
        self.problem: str | None = None
        self.bodies: list[tuple[int, int, int]] = []  # start, end, line
        self.hunks: tuple[Hunk, ...] = ()

    def next_line(self) -> str:
        """The line at ``at``, without its end; goes on to the next."""
        end = self.text.find("\n", self.at)
        end = len(self.text) if end < 0 else end
        line = self.text[self.at : min(end, self.at + MAX_HEADER_LINE)]
        self.at = min(end + 1, len(self.text))
        return line

    def read_header(self) -> None:
        """Everything before the first hunk."""
        text = self.text
        if text.startswith("diff --", self.at):
            first = self.next_line()
            if not first.startswith("diff --git "):
                self.combined = True
                self.old = self.new = paths.side(first.split(" ", 2)[2])
                return
            self.git = paths.both(first[len("diff --git ") :])
        while _HEADER.match(text, self.at):
            if text.startswith("--- ", self.at) and self.named:
                break
            self.header_line(self.next_line())
            if self.binary:
                break
        self.name()

    def header_line(self, line: str) -> None:
        """One line of the header."""
        if line.startswith("--- "):
            self.named = True
            name = paths.side(line[4:])
            self.old = None if name == paths.NULL else name
        elif line.startswith("+++ "):
            name = paths.side(line[4:])
            self.new = None if name == paths.NULL else name
        elif line.startswith("index "):
            ids, _, mode = line[6:].rstrip("\r").partition(" ")
            self.link = self.link or mode == _LINK
            old, _, new = ids.partition("..")
            self.blobs = (old if old.strip("0") else None, new if new.strip("0") else None)
        elif line.startswith(("GIT binary", "Binary files")):
            self.binary = True
        else:
            words = line.rstrip("\r").split(" ")
            self.link = self.link or words[-1] == _LINK
            self.extended[" ".join(words[:2])] = " ".join(words[2:])

    def name(self) -> None:
        """Settle both paths from whatever lines there are."""
        says = self.extended
        if not self.named and self.git is not None:
            self.old, self.new = self.git
        if "new file" in says:
            self.old = None
        if "deleted file" in says:
            self.new = None
        self.old, self.new = paths.stripped(self.old, self.new, self.git)
        for verb in ("rename", "copy"):
            if f"{verb} from" in says and f"{verb} to" in says:
                self.old, self.new = paths.unquoted(says[f"{verb} from"]), paths.unquoted(says[f"{verb} to"])

    @property
    def path(self) -> str:
        """The path after the patch; before it, of a deleted file."""
        return self.new or self.old or ""

    def read_hunks(self, keep: bool) -> None:
        """All hunks: counted against their headers, and read if *keep*."""
        if self.binary or self.combined:
            return
        text, line, counted = self.text, self.line, self.start
        while text.startswith("@@ ", self.at) and self.problem is None:
            line += text.count("\n", counted, self.at)
            counted = self.at
            header = _HUNK.match(text, self.at)
            ordinal = len(self.bodies) + 1
            if header is None:
                self.problem = f"hunk {ordinal} of {self.path} (line {line}): its header cannot be read"
                self.at += 3
                return
            old, new = (int(header.group(n) or 1) for n in (2, 4))
            end, sound = _extent(text, header.end(), old, new)
            if not sound:
                self.problem = (
                    f"hunk {ordinal} of {self.path} (line {line}) does not have the lines that its header announces"
                )
            self.bodies.append((self.at, end, line))
            self.at = end
        if self.problem is None and keep and self.bodies:
            if self.at - self.start > MAX_SECTION:
                self.problem = f"{self.path}: more than {MAX_SECTION >> 20} MB of diff for one file"
            else:
                self.hunks = self.parsed()

    def parsed(self) -> tuple[Hunk, ...]:
        """The hunks as unidiff reads them."""
        from unidiff.errors import UnidiffParseError
        from unidiff.patch import PatchSet

        body = self.text[self.bodies[0][0] : self.bodies[-1][1]]
        try:
            files = PatchSet(f"--- a\n+++ b\n{body}" if body.endswith("\n") else f"--- a\n+++ b\n{body}\n")
        except UnidiffParseError as error:
            self.problem = f"{self.path} (line {self.line}): {str(error).strip()}"
            return ()
        return tuple(
            _hunk(number, hunk, line)
            for number, (hunk, (_, _, line)) in enumerate(zip(files[0], self.bodies, strict=True), 1)
        )

    def value(self) -> FileDiff:
        """What was read, frozen."""
        kind = self.kind()
        if self.combined:
            self.problem = f"{self.path}: the diff of a merge (diff --cc) cannot be judged"
        elif not self.path:
            self.problem = f"line {self.line}: a diff that names no file"
        for path in (self.old, self.new):
            why = paths.refused(path) if path is not None else None
            if why is not None:
                self.problem = f"{path}: refused: {why}"
        hunks = () if self.problem else self.hunks
        old = None if kind == "new" else self.old
        return FileDiff(old, self.new, *self.blobs, kind, hunks, self.line, self.problem)

    def kind(self) -> str:
        """What becomes of the file."""
        says = self.extended
        if self.combined or self.binary:
            return "combined" if self.combined else "binary"
        if self.link:
            return "link"
        if "rename from" in says or "copy from" in says:
            return "renamed" if "rename from" in says else "copied"
        if self.old is None or self.new is None:
            return "new" if self.old is None else "deleted"
        if not self.bodies:
            return "mode"
        first = self.hunks[0] if self.hunks else None
        if first is not None and self.git is None and not first.old_start and not first.old_count:
            return "new"
        return "renamed" if self.old != self.new else "modified"


def _extent(text: str, at: int, old: int, new: int) -> tuple[int, bool]:
    """Where a hunk's lines, from *at* on, end: *old* and *new* of them are to come; whether they are all there."""
    size = len(text)
    if not old and not new:
        return at, False
    while old > 0 or new > 0:
        tag = text[at] if at < size else ""
        if tag == "+":
            new -= 1
        elif tag == "-":
            old -= 1
        elif tag in (" ", "\n") or (tag == "\r" and text.startswith("\r\n", at)):
            old -= 1
            new -= 1
        elif tag != "\\":
            return at, False
        if old < 0 or new < 0:
            return at, False
        at = text.find("\n", at) + 1 or size
    if text.startswith("\\", at):
        at = text.find("\n", at) + 1 or size
    return at, not text.startswith("+", at) or text.startswith("+++ ", at)


def _hunk(ordinal: int, hunk: ParsedHunk, line: int) -> Hunk:
    """unidiff's hunk as our own value."""
    tags: list[str] = []
    values: list[str] = []
    open_sides = ""
    for one in hunk:
        tag = one.line_type
        if tag == "\\":
            open_sides += {" ": "-+"}.get(tags[-1], tags[-1]) if tags else ""
        elif tag:
            tags.append(tag)
            values.append(one.value)
    texts = "".join(values).encode("utf-8", "surrogateescape").split(b"\n")
    return Hunk(
        ordinal,
        hunk.source_start,
        hunk.source_length,
        hunk.target_start,
        hunk.target_length,
        hunk.section_header,
        line,
        tuple(zip(tags, texts, strict=False)),
        "-" in open_sides,
        "+" in open_sides,
    )
