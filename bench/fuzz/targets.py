"""What is fuzzed: each target takes any bytes, and raises where one of its promises does not hold.

mail    an input is split into mails, whose texts and headers are text
diff    the text of a patch is parsed; what its hunks count is what they hold
mask    a file's functions are found and masked: same length, same lines, offsets within the function
lower   each of them is parsed, and becomes a graph or is refused
engine  the file is judged as it stands, and so is the file beside itself as the other image
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from getput.csource.lower import Unlowerable, lower_function
from getput.csource.macros import bundled
from getput.csource.mask import mask, quieted
from getput.csource.parse import parse_function
from getput.csource.split import functions
from getput.patch.diff import parse
from getput.patch.mail import message, split

if TYPE_CHECKING:
    from getput.verdict.judge import Judge


def mail(raw: bytes) -> None:
    """*raw* as an input."""
    for one in split(raw):
        assert 1 <= one.line <= raw.count(b"\n") + 1, one.line
        for said in (
            one.subject,
            one.text,
            one.message_id or "",
            one.commit or "",
            *one.headers,
            *one.headers.values(),
        ):
            said.encode("utf-8", "surrogateescape")
        message(one)


def diff(raw: bytes) -> None:
    """*raw* as the text of a mail."""
    text = raw.decode("utf-8", "surrogateescape")
    for one in parse(text):
        assert one.path or one.problem, one
        assert not (one.problem and one.hunks), one
        for hunk in one.hunks:
            tags = [tag for tag, _ in hunk.lines]
            assert tags.count(" ") + tags.count("-") == hunk.old_count, hunk
            assert tags.count(" ") + tags.count("+") == hunk.new_count, hunk
            assert all(b"\n" not in said for _, said in hunk.lines), hunk
            for _, said in hunk.lines:
                assert said in raw or b"\r" in raw, hunk


def masked(raw: bytes) -> None:
    """*raw* as a file."""
    silent = quieted(raw)
    assert len(silent) == len(raw)
    assert silent.count(b"\n") == raw.count(b"\n")
    end = 0
    for source in functions(raw):
        assert end <= source.start < source.end <= len(raw), source
        end = source.end
        text, marks = mask(raw, source, bundled())
        whole = raw[source.start : source.end]
        assert len(text) == len(whole), (text, whole)
        body = text.find(b"{")  # a head that is a macro is written anew, up to the brace
        gone = [at for at in lines_of(whole) if text[at] not in b"\n;_" and at > body]
        assert not gone, (text, whole)
        assert not set(lines_of(text)) - set(lines_of(whole)), (text, whole)
        assert all(source.start <= at < source.end for at in (*marks.loops, *marks.once, *marks.cleanups))


def lower(raw: bytes) -> None:
    """*raw* as a file."""
    for source in functions(raw):
        parsed = parse_function(raw, source, bundled())
        assert source.start <= parsed.root.start <= parsed.root.end <= source.end, source
        try:
            graph = lower_function(raw, parsed)
        except Unlowerable:
            continue
        assert source.start == graph.start, graph
        assert graph.end == source.end, graph
        assert graph.blocks, graph


def engine(raw: bytes) -> None:
    """*raw* as a file of a tree, and as both images of one."""
    judge = the_judge()
    unit = judge.unit(raw, "drivers/acme/acme.c")
    for one in judge.judge(unit, unit.sources, None):
        assert one.line >= 1, one


@cache
def the_judge() -> Judge:
    """One judge for all inputs: it may keep nothing of them.  Imported when needed: it takes the fuzzer half a minute to get it ready."""
    from getput.config import Settings
    from getput.verdict.judge import Judge

    return Judge(None, Settings())


def lines_of(text: bytes) -> list[int]:
    """Where its lines end."""
    return [at for at, byte in enumerate(text) if byte == 0x0A]


TARGETS: dict[str, Callable[[bytes], None]] = {
    "mail": mail,
    "diff": diff,
    "mask": masked,
    "lower": lower,
    "engine": engine,
}

_C = (
    "if (", "else ", "while (", "for (", "do {", "switch (", "case ", "default:", "goto ", "return ", "break;", "continue;", "struct ", "int ",
    "->", "&&", "||", "/*", "*/", "//", "#if ", "#ifdef ", "#else\\x0a", "#endif\\x0a", "#define ", "\\\\\\x0a", "__free(", "for_each_", "list_for_each_entry(",
    "guard(", "CLASS(", "scoped_guard(", "typeof(", "asm volatile(", "...", "__init ", "SYSCALL_DEFINE1(", "DEFINE_FREE(", "of_node_put(",
    "of_find_node_by_path(", "get_device(", "put_device(", "IS_ERR(", "ERR_PTR(", "NULL", "\\x22", "'", "({", "})",
)  # fmt: skip
_MAIL = (
    "From ", "Subject: ", "Content-Type: multipart/mixed; boundary=x\\x0a", "--x\\x0a", "--x--\\x0a", "Content-Transfer-Encoding: base64\\x0a",
    "Content-Transfer-Encoding: quoted-printable\\x0a", "charset=utf-16", "charset=koi8-r", "message/rfc822", "=?utf-8?q?", "=?utf-8?b?", "?=",
    "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\\x0a", "diff --git a/x b/x\\x0a", "commit ", "text/x-patch",
    "format=flowed", "=3D", "=\\x0a", ">From ", "Message-ID: <",
)  # fmt: skip
_DIFF = (
    "diff --git a/", " b/", "--- a/", "+++ b/", "--- /dev/null\\x0a", "@@ -1 +1 @@\\x0a", "@@ -0,0 +1,2 @@\\x0a", "@@@ -1,1 -1,1 +1,1 @@@\\x0a",
    "\\\\ No newline at end of file\\x0a", "index 0123456..89abcde 100644\\x0a", "new file mode 100644\\x0a", "deleted file mode ", "rename from ",
    "rename to ",
    "similarity index 100%\\x0a", "GIT binary patch\\x0a", "Binary files ", "\\x22a\\\\303\\\\244\\x22", "-- \\x0a", "\\x0d\\x0a", "diff --cc ", "old mode ",
)  # fmt: skip
WORDS = {"mail": _MAIL + _DIFF, "diff": _DIFF, "mask": _C, "lower": _C, "engine": _C}
