"""Edits of a function's text in the kernel's style, and the unified diff of what they make of the file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

import msgspec

from getput.csource.outline import BLOCK, DECLARATION, ELSE, IF, LABELED, Outline, Statement
from getput.pattern import pattern

CONTEXT = 3
HEADED = frozenset({IF, ELSE, "while_statement", "for_statement"})  # what may have a body without braces
NO_NEWLINE = b"\\ No newline at end of file\n"
WIDTH = 100  # columns that a line may have, tabs counted as eight
_REST = pattern(rb"[ \t]*(?:/\*[^\n]*?\*/[ \t]*)?(?://[^\n]*)?\n")


class ImpossibleError(Exception):
    """The text does not allow the edit: it stands in a way that no rule of style covers."""


class Edit(msgspec.Struct, frozen=True, order=True):
    """``new`` instead of the text between two offsets of the file."""

    start: int
    end: int
    new: bytes


def applied(text: bytes, edits: Iterable[Edit]) -> bytes:
    """*text* with *edits* made, of which those at one place come in their order.  Raises ImpossibleError where two overlap."""
    out: list[bytes] = []
    at = 0
    for edit in sorted(edits, key=lambda one: (one.start, one.end)):
        if edit.start < at:
            raise ImpossibleError
        out += (text[at : edit.start], edit.new)
        at = edit.end
    return b"".join((*out, text[at:]))


# --- lines -------------------------------------------------------------------------------------------------------------


def line_start(text: bytes, at: int) -> int:
    """Where the line begins that holds an offset."""
    return text.rfind(b"\n", 0, at) + 1


def line_end(text: bytes, at: int) -> int:
    """Where the next line begins."""
    found = text.find(b"\n", at)
    return len(text) if found < 0 else found + 1


def indent(text: bytes, at: int) -> bytes:
    """The blanks that begin the line which holds an offset."""
    line = text[line_start(text, at) : at + 1]
    return line[: len(line) - len(line.lstrip())]


def first_on_line(text: bytes, at: int) -> bool:
    """Whether nothing but blanks stands before *at* in its line."""
    return not text[line_start(text, at) : at].strip()


def last_on_line(text: bytes, at: int) -> bool:
    """Whether nothing but blanks and a comment stands behind *at* in its line."""
    return _REST.match(text, at) is not None


# --- statements --------------------------------------------------------------------------------------------------------


def before(outline: Outline, one: Statement, lines: Sequence[str], instead: str | None = None) -> list[Edit]:
    """*lines* as statements of their own before *one*, which *instead* takes the place of, if it is given."""
    text = outline.text
    new = [line.encode("utf-8", "surrogateescape") for line in lines]
    edits: list[Edit] = []
    if outline.listed(one):
        if not first_on_line(text, one.start):
            raise ImpossibleError
        blanks = indent(text, one.start)
        put = b"".join(line + b"\n" + blanks for line in new)
    else:
        edits, blanks, fresh = braced(outline, one)
        put = b"".join(line + b"\n" + blanks for line in new)
        if fresh is not None:
            put = fresh + put
    start, end, rest = one.start, one.start, b""
    if instead is not None:
        end, rest = one.end, instead.encode("utf-8", "surrogateescape")
    if too_wide(blanks, [*new, rest]):
        raise ImpossibleError
    return [*edits, Edit(start, end, put + rest)]


def after(outline: Outline, one: Statement, lines: Sequence[str]) -> list[Edit]:
    """*lines* as statements of their own behind *one*."""
    text = outline.text
    if not outline.listed(one) or not last_on_line(text, one.end):
        raise ImpossibleError
    blanks = indent(text, one.start)
    new = [line.encode("utf-8", "surrogateescape") for line in lines]
    if too_wide(blanks, new):
        raise ImpossibleError
    at = line_end(text, one.end)
    return [Edit(at, at, b"".join(blanks + line + b"\n" if line else b"\n" for line in new))]


def at_end(outline: Outline, lines: Sequence[str]) -> list[Edit]:
    """*lines* as the last statements of the function."""
    text, brace = outline.text, outline.source.end - 1
    if text[brace : brace + 1] != b"}" or not first_on_line(text, brace):
        raise ImpossibleError
    at = line_start(text, brace)
    return [Edit(at, at, b"".join(b"\t" + line.encode("utf-8", "surrogateescape") + b"\n" for line in lines))]


def without(outline: Outline, one: Statement) -> list[Edit]:
    """The text without the lines of *one*; a bare body of an ``if`` goes with the ``if``, if that asks nothing that does something."""
    text = outline.text
    if not outline.listed(one):
        above = outline.statements[one.up]
        if above.kind != IF or outline.branch(above, other=True) is not None or b"(" in outline.code(*inside(above)):
            raise ImpossibleError
        return without(outline, above)
    if outline.statements[one.up].kind == LABELED or not last_on_line(text, one.end):
        raise ImpossibleError
    if not first_on_line(text, one.start):
        raise ImpossibleError
    start, end = line_start(text, one.start), line_end(text, one.end)
    blank_before = text[line_start(text, start - 1) : start].strip() == b""
    following = text[end : line_end(text, end)].strip()
    if blank_before and following in (b"", b"}"):
        start = line_start(text, start - 1)
    return [*unbraced(outline, one), Edit(start, end, b"")]


def inside(one: Statement) -> tuple[int, int]:
    """The condition of an ``if``, without its parentheses."""
    return one.head[0] + 1, one.head[1] - 1


def unbraced(outline: Outline, gone: Statement) -> list[Edit]:
    """What takes the braces away around the one simple line that stays in a block where *gone* goes."""
    text, block = outline.text, outline.statements[gone.up]
    if block.kind != BLOCK or block.up < 0 or outline.statements[block.up].kind != IF:
        return []
    above = outline.statements[block.up]
    left = [one for one in outline.children(block) if one != gone]
    if len(left) != 1 or outline.branch(above, other=True) is not None or left[0].kind in (DECLARATION, IF, LABELED):
        return []
    lines = text.count(b"\n", line_start(text, block.start), block.end) - text.count(b"\n", gone.start, gone.end)
    if lines != 3 or text.count(b"\n", above.start, block.start):
        return []  # comments, or more lines than one
    low = line_start(text, block.end - 1)
    opening = len(text[: block.start].rstrip(b" \t"))
    return [Edit(opening, block.start + 1, b""), Edit(low, line_end(text, block.end), b"")]


def braced(outline: Outline, one: Statement) -> tuple[list[Edit], bytes, bytes | None]:
    """(edits that put braces around a bare body, the blanks before what stands in it, what begins its line where it does not begin one)."""
    text, above = outline.text, outline.statements[one.up]
    head = head_end(outline, one)
    between = text[head : one.start]
    if b"#" in between or one.kind == IF or above.kind not in HEADED:
        raise ImpossibleError
    outer = indent(text, above.start)
    edits = [Edit(head, head, b" {")]
    blanks, fresh = indent(text, one.start), None
    if not first_on_line(text, one.start):
        if between.strip():
            raise ImpossibleError
        blanks = outer + b"\t"
        fresh = b"\n" + blanks
        edits = [Edit(head, one.start, b" {")]
    if not last_on_line(text, one.end):
        raise ImpossibleError
    close = line_end(text, one.end)
    other = outline.branch(above, other=True) if above.kind == IF and one.field == "consequence" else None
    if other is not None:
        edits += joined(outline, other, close, outer)
    else:
        edits.append(Edit(close, close, outer + b"}\n"))
    clause = above if above.kind == ELSE else outline.statements[above.up]
    while clause.kind == ELSE:
        edits += other_branch(outline, clause)
        clause = outline.statements[outline.statements[clause.up].up]
    return edits, blanks, fresh


def joined(outline: Outline, other: Statement, close: int, outer: bytes) -> list[Edit]:
    """What closes a block before the ``else`` that *other* is the body of, and puts braces around that, too."""
    text = outline.text
    clause = outline.statements[other.up]
    if text[close : clause.start].strip():
        raise ImpossibleError
    edits = [Edit(close, clause.start, outer + b"} ")]
    if other.kind not in (BLOCK, IF):
        head = head_end(outline, other)
        if b"#" in text[head : other.start] or not last_on_line(text, other.end):
            raise ImpossibleError
        end = line_end(text, other.end)
        edits += [Edit(head, head, b" {"), Edit(end, end, outer + b"}\n")]
    return edits


def other_branch(outline: Outline, clause: Statement) -> list[Edit]:
    """What puts braces around the branch before an ``else`` whose body gets them."""
    text, above = outline.text, outline.statements[clause.up]
    first = outline.branch(above, other=False)
    if first is None or first.kind == BLOCK:
        return []
    head = head_end(outline, first)
    if b"#" in text[head : first.start] or text[first.end : clause.start].strip():
        raise ImpossibleError
    outer = indent(text, above.start)
    return [Edit(head, head, b" {"), Edit(first.end, clause.start, b"\n" + outer + b"} ")]


def head_end(outline: Outline, one: Statement) -> int:
    """Where that ends which *one* is the bare body of: ``if (...)``, ``else``."""
    above = outline.statements[one.up]
    part = outline.code(above.start, one.start).rstrip()
    return above.start + len(part)


def declared(outline: Outline, lines: Sequence[str]) -> list[Edit]:
    """Declarations more, behind those that the function begins with."""
    if not lines:
        return []
    text, body = outline.text, outline.statements[0]
    last = None
    for one in outline.children(body):
        if one.kind != DECLARATION:
            break
        last = one
    if last is None:
        if not last_on_line(text, body.start + 1):
            raise ImpossibleError
        at = line_end(text, body.start)
        return [Edit(at, at, b"".join(b"\t" + line.encode("utf-8") + b"\n" for line in lines) + b"\n")]
    if not last_on_line(text, last.end) or b"#" in text[body.start : last.end]:
        raise ImpossibleError
    at = line_end(text, last.end)
    blanks = indent(text, last.start)
    return [Edit(at, at, b"".join(blanks + line.encode("utf-8") + b"\n" for line in lines))]


def too_wide(blanks: bytes, lines: Sequence[bytes]) -> bool:
    """Whether one of *lines* is wider than a line may be."""
    return any(len((blanks + line).expandtabs(8)) > WIDTH for line in lines)


# --- the file ----------------------------------------------------------------------------------------------------------


class Moves(msgspec.Struct, frozen=True):
    """Which lines of one text stand where in another: (first line, first line there, how many), 1-based."""

    blocks: tuple[tuple[int, int, int], ...]
    count: int  # lines of the other text

    def at(self, line: int) -> int | None:
        """Where a line stands in the other text; None where it is gone."""
        for first, there, many in self.blocks:
            if first <= line < first + many:
                return there + line - first
        return None

    @property
    def new(self) -> frozenset[int]:
        """The lines of the other text that the first one does not have."""
        old = {there + index for _, there, many in self.blocks for index in range(many)}
        return frozenset(line for line in range(1, self.count + 1) if line not in old)


def matched(old: Sequence[bytes], new: Sequence[bytes]) -> list[tuple[str, int, int, int, int]]:
    """What became of the lines of *old* in *new*, as difflib says it, but fast where most is the same."""
    low = 0
    while low < min(len(old), len(new)) and old[low] == new[low]:
        low += 1
    high = 0
    while high < min(len(old), len(new)) - low and old[-1 - high] == new[-1 - high]:
        high += 1
    end, last = len(old) - high, len(new) - high
    middle = SequenceMatcher(None, old[low:end], new[low:last], autojunk=False).get_opcodes()
    out = [(tag, a + low, b + low, c + low, d + low) for tag, a, b, c, d in middle]
    if low:
        out.insert(0, ("equal", 0, low, 0, low))
    if high:
        out.append(("equal", end, len(old), last, len(new)))
    merged: list[tuple[str, int, int, int, int]] = []
    for one in out:
        if merged and merged[-1][0] == one[0] == "equal":
            merged[-1] = ("equal", merged[-1][1], one[2], merged[-1][3], one[4])
        else:
            merged.append(one)
    return merged


def moves(old: bytes, new: bytes) -> Moves:
    """Where the lines of *old* stand in *new*."""
    after_lines = new.splitlines(keepends=True)
    codes = matched(old.splitlines(keepends=True), after_lines)
    blocks = tuple((a + 1, c + 1, b - a) for tag, a, b, c, _ in codes if tag == "equal")
    return Moves(blocks, len(after_lines))


def unified(path: str, old: bytes, new: bytes) -> str:
    """The unified diff from *old* to *new* of the file at *path* (from the tree's root), as ``git apply`` takes it."""
    a, b = lines_of(old), lines_of(new)
    codes = matched(a, b)
    out = [f"--- a/{path}\n".encode("utf-8", "surrogateescape"), f"+++ b/{path}\n".encode("utf-8", "surrogateescape")]
    for group in grouped(codes):
        first, last = group[0], group[-1]
        out.append(
            f"@@ -{span(first[1], last[2])} +{span(first[3], last[4])} @@{near(a, first[1])}\n".encode(
                "utf-8", "surrogateescape"
            )
        )
        for tag, low, high, there, end in group:
            if tag == "equal":
                out += [shown(b" ", line) for line in a[low:high]]
                continue
            out += [shown(b"-", line) for line in a[low:high]]
            out += [shown(b"+", line) for line in b[there:end]]
    return b"".join(out).decode("utf-8", "surrogateescape")


def lines_of(text: bytes) -> list[bytes]:
    """The lines with their ends; only ``\\n`` ends one."""
    parts = text.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def shown(mark: bytes, line: bytes) -> bytes:
    """A line of a diff."""
    return mark + line if line.endswith(b"\n") else mark + line + b"\n" + NO_NEWLINE


def span(low: int, high: int) -> str:
    """A range of lines as the head of a hunk has it."""
    count = high - low
    return f"{low + 1 if count else low},{count}" if count != 1 else f"{low + 1}"


def near(lines: Sequence[bytes], at: int) -> str:
    """What git puts behind the head of a hunk: the last line before it that begins in column 0 like a function."""
    for line in reversed(lines[:at]):
        if line[:1].isalpha() or line[:1] in (b"_", b"$"):
            return " " + line.decode("utf-8", "surrogateescape").strip()[:80].rstrip()
    return ""


def grouped(codes: Sequence[tuple[str, int, int, int, int]]) -> list[list[tuple[str, int, int, int, int]]]:
    """*codes* as hunks, each with CONTEXT lines around it."""
    groups: list[list[tuple[str, int, int, int, int]]] = []
    group: list[tuple[str, int, int, int, int]] = []
    for number, (tag, a, b, c, d) in enumerate(codes):
        if tag != "equal":
            group.append((tag, a, b, c, d))
            continue
        lead = 0 if number == 0 else min(CONTEXT, b - a)
        tail = 0 if number == len(codes) - 1 else min(CONTEXT, b - a)
        if lead and tail and b - a <= 2 * CONTEXT:
            group.append((tag, a, b, c, d))
            continue
        if number:
            group.append((tag, a, a + lead, c, c + lead))
            groups.append(group)
            group = []
        if tail:
            group.append((tag, b - tail, b, d - tail, d))
    if any(tag != "equal" for tag, *_ in group):
        groups.append(group)
    return groups
