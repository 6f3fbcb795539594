"""Macros and cleanup classes as functions: what a file defines without writing a function is rewritten as one.

``#define foo_put(x) kref_put(&(x)->ref, foo_free)`` reads as ``static inline long foo_put(long x) { return kref_put(...); }``, and
``DEFINE_FREE(foo, struct foo *, if (_T) foo_put(_T))`` as a function ``__free_foo`` of one argument; the functions of a class are called
``class_foo_constructor`` and ``class_foo_destructor``, as the kernel calls them.

A macro is no function where it does something to the caller's own variables or flow: one that assigns to an argument, takes its
address, returns, jumps, pastes names together or begins a loop is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from getput.csource.mask import quieted
from getput.pattern import pattern

# The begin of a macro with arguments, and all of its text.
_MACRO = pattern(rb"#[ \t]*define[ \t]+([A-Za-z_]\w*)\(([^()]*)\)((?:[^\\\n]++|\\.)*)", re.DOTALL)
_CLASS = pattern(rb"^(?:DEFINE_(?:FREE|CLASS|GUARD)|EXTEND_CLASS)\(", re.MULTILINE)
_WORD = pattern(rb"[A-Za-z_]\w*")
_WORD_OF = pattern(r"[A-Za-z_]\w*", re.ASCII)
_CALL = pattern(r"([A-Za-z_]\w*)[ \t]*\(", re.ASCII)
_PARAMETER = pattern(rb"([A-Za-z_]\w*)?(\.\.\.)?\Z")
_PASTED = pattern(rb"##[ \t\n]*(?=__VA_ARGS__)")
_QUOTED = pattern(rb"#[ \t]*[A-Za-z_]\w*")
_LEAVES = pattern(rb"\b(?:return|goto|asm|__asm__|static|typedef|extern|__label__)\b")
_BREAKS = pattern(rb"\b(?:break|continue|case|default)\b")
_LOOPS = pattern(rb"\b(?:for|while|switch)\b")
_ONCE = pattern(rb"\bdo\b.*\bwhile[ \t\n]*\([ \t\n]*(?:0|false)[ \t\n]*\)\Z", re.DOTALL)
_STATEMENT = pattern(rb"(?:\{|do\b|if\b)")
_BRACKET = pattern(rb"[()\[\]{};]")
_SCOPED = pattern(rb"\b(?:__free|CLASS|guard|scoped_guard|scoped_cond_guard|scoped_class)[ \t\n]*\([ \t\n]*(\w+)")
SCOPES = frozenset([b"__free", b"CLASS", b"guard", b"scoped_guard", b"scoped_cond_guard", b"scoped_class"])
FREE, DESTRUCTOR, CONSTRUCTOR = b"__free_%s", b"class_%s_destructor", b"class_%s_constructor"
_MENTION = pattern(r"(?:__free_(\w+)|class_(\w+)_(?:con|de)structor)\Z")
# What must not be done to a parameter: assigned, changed, its address taken, used as a structure, a member's name or a function.
_UNLIKE_A_VALUE = (
    rb"\b%(p)s\b[ \t\n)]*(?:(?:[-+*/%%|&^]|<<|>>)?=(?!=)|\+\+|--|\.(?!\.))"
    rb"|(?:\+\+|--)[ \t\n(]*%(p)s\b"
    rb"|(?:->|\.)[ \t\n]*%(p)s\b"
    rb"|(?<!&)&[ \t\n]*\(*[ \t\n]*%(p)s\b[ \t\n)]*(?![ \t\n)]|->|\[)"
    rb"|\b%(p)s[ \t\n]*\((?!\()"
)
MAX_BODY = 4000  # bytes; longer ones generate code


class Expansion(msgspec.Struct, frozen=True):
    """One function that a file spells out without writing one: ``name`` is how it is called, ``at`` the offset of what defines it,
    ``words`` are all in it, ``calls`` those in front of a parenthesis.  ``parts`` are a macro's list of parameters and body, or all of a
    function."""

    name: str
    at: int
    parts: tuple[bytes, ...]
    words: frozenset[str]
    calls: frozenset[str]

    def written(self) -> bytes:
        """The function; nothing where the macro cannot be one."""
        return self.parts[0] if len(self.parts) == 1 else _function(self.name.encode(), *self.parts)


def expansions(text: bytes) -> list[Expansion]:
    """The macros with arguments and the cleanup classes of a file, in its order."""
    out: list[Expansion] = []
    if b"define" in text:
        for found in _MACRO.finditer(text):
            body = found[3]
            if b"(" in body and len(body) <= MAX_BODY:
                out.append(_expansion(found[1], found.start(), found[2], body))
    if b"DEFINE_" in text or b"EXTEND_CLASS" in text:
        for found in _CLASS.finditer(text):
            listed = _arguments(text, found.end())
            if listed is not None:
                out += [_expansion(name, found.start(), written) for name, written in _of_class(found[0], listed)]
        out.sort(key=lambda one: one.at)
    return out


def _expansion(name: bytes, at: int, *parts: bytes) -> Expansion:
    code = parts[-1].decode("latin-1")
    calls = frozenset(_CALL.findall(code))
    own = name.decode("ascii")
    return Expansion(own, at, parts, frozenset(_WORD_OF.findall(code)), calls - {own} if own in calls else calls)


# --- macros ----------------------------------------------------------------------------------------------------------


def _function(name: bytes, listed: bytes, body: bytes) -> bytes:
    """The macro as a function; nothing where it is none."""
    body = _PASTED.sub(b"", body.replace(b"\\\n", b" \n")).strip().rstrip(b";").rstrip()
    code = quieted(body).strip()
    if b"##" in code or not code:
        return b""
    if b"#" in code:
        body, code = _QUOTED.sub(b'""', body), _QUOTED.sub(b'""', code)
    parameters = [word.strip() for word in listed.replace(b"\\\n", b" ").split(b",")] if listed.strip() else []
    heads = []
    for word in parameters:
        known = _PARAMETER.match(word)
        if known is None or not word:
            return b""
        if known[1] and not known[2] and re.search(_UNLIKE_A_VALUE % {b"p": known[1]}, code):
            return b""
        heads.append(b"..." if known[2] else b"long " + word)
    statement = _statement(code)
    if statement is None:
        return b""
    head = b"static inline %s " + name + b"(" + (b", ".join(heads) or b"void") + b")\n{\n"
    return head % b"void" + body + b";\n}\n" if statement else head % b"long" + b"return " + body + b";\n}\n"


def _statement(code: bytes) -> bool | None:
    """Whether the body of a macro is a statement, not an expression; None where it is neither."""
    if not _balanced(code) or _LEAVES.search(code):
        return None
    once = _ONCE.match(code) is not None
    if _BREAKS.search(code) and not (once or _LOOPS.search(code)):
        return None
    if _LOOPS.match(code):
        return None
    if not once and code.endswith(b")") and _STATEMENT.match(code) and b";" not in code:
        head = _matching(code, code.find(b"("))
        if head == len(code):
            return None  # "if (x)": what it guards stands with the caller
    return once or _STATEMENT.match(code) is not None or _listed(code)


def _balanced(code: bytes) -> bool:
    """Whether brackets and braces match."""
    depth: list[int] = []
    pairs = {0x29: 0x28, 0x5D: 0x5B, 0x7D: 0x7B}
    for found in _BRACKET.finditer(code):
        token = found[0][0]
        if token in pairs:
            if not depth or depth.pop() != pairs[token]:
                return False
        elif token != 0x3B:
            depth.append(token)
    return not depth


def _matching(code: bytes, at: int) -> int:
    """The offset behind the bracket that closes the one at *at*."""
    depth = 0
    for found in _BRACKET.finditer(code, at):
        depth += (found[0] in b"([{") - (found[0] in b")]}")
        if not depth:
            return found.end()
    return len(code)


def _listed(code: bytes) -> bool:
    """Whether a semicolon stands outside of all brackets."""
    depth = 0
    for found in _BRACKET.finditer(code):
        if found[0] == b";":
            if not depth:
                return True
        else:
            depth += 1 if found[0] in b"([{" else -1
    return False


# --- cleanup classes -------------------------------------------------------------------------------------------------


def _arguments(text: bytes, at: int) -> list[bytes] | None:
    """The arguments of the list that begins at *at*, behind its parenthesis; None where it does not end."""
    code = quieted(text[at : at + MAX_BODY])
    out: list[bytes] = []
    depth = start = 0
    for index, char in enumerate(code):
        if char in b"([{":
            depth += 1
        elif char in b")]}":
            if not depth:
                return [*out, code[start:index].strip()]
            depth -= 1
        elif char == 0x2C and not depth:
            out.append(code[start:index].strip())
            start = index + 1
    return None


def _of_class(macro: bytes, parts: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """The functions that ``DEFINE_FREE(...)`` and its like define, by name."""
    name = parts[0]
    if not _WORD.fullmatch(name):
        return
    if macro.startswith(b"DEFINE_FREE") and len(parts) == 3:
        yield _written(b"void", FREE % name, parts[1] + b" _T", parts[2] + b";")
    elif macro.startswith(b"DEFINE_GUARD") and len(parts) == 4:
        kind = parts[1]
        yield _written(b"void", DESTRUCTOR % name, kind + b" _T", b"if (_T) { " + parts[3] + b"; }")
        yield _written(kind, CONSTRUCTOR % name, kind + b" _T", parts[2] + b"; return _T;")
    elif macro.startswith(b"DEFINE_CLASS") and len(parts) >= 4:
        kind = parts[1]
        yield _written(b"void", DESTRUCTOR % name, kind + b" _T", parts[2] + b";")
        yield _constructor(name, kind, parts[3], parts[4:])
    elif macro.startswith(b"EXTEND_CLASS") and len(parts) >= 3 and _WORD.fullmatch(parts[1]):
        other, kind = name + parts[1], b"void *"
        yield _written(b"void", DESTRUCTOR % other, kind + b" _T", DESTRUCTOR % name + b"(_T);")
        yield _constructor(other, kind, parts[2], parts[3:])


def _constructor(name: bytes, kind: bytes, init: bytes, args: Iterable[bytes]) -> tuple[bytes, bytes]:
    body = kind + b" t = " + init + b"; return t;"
    return _written(kind, CONSTRUCTOR % name, b", ".join(args) or b"void", body)


def _written(kind: bytes, name: bytes, args: bytes, body: bytes) -> tuple[bytes, bytes]:
    return name, b"static inline " + kind + b" " + name + b"(" + args + b")\n{\n" + body + b"\n}\n"


# --- uses ------------------------------------------------------------------------------------------------------------


def scope_calls(text: bytes, start: int = 0, end: int | None = None) -> set[bytes]:
    """The functions that the cleanup classes which a text uses call: ``__free(foo)`` calls ``__free_foo``."""
    kinds = set(_SCOPED.findall(text, start, len(text) if end is None else end))
    return {form % kind for kind in kinds for form in (FREE, DESTRUCTOR, CONSTRUCTOR)}


def scope_names(kind: str) -> tuple[str, str, str]:
    """The functions of the cleanup class *kind*: what ``__free`` calls, the destructor, the constructor."""
    word = kind.encode("latin-1", "replace")
    return (
        (FREE % word).decode("latin-1"),
        (DESTRUCTOR % word).decode("latin-1"),
        (CONSTRUCTOR % word).decode("latin-1"),
    )


def mention(name: str) -> str:
    """How a text names what is called *name*: a class by its own name."""
    found = _MENTION.match(name)
    return (found[1] or found[2]) if found else name
