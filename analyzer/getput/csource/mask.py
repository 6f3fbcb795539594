"""The mask: kernel C overwritten, at the same length, with something the grammar of plain C can read.

Every offset, line and column stays that of the file; names are read back from the original text.  What the mask writes:

* comments become blanks, the text inside strings too;
* ``for_each_x(...) stmt`` reads as ``while      (...) stmt``, noted in ``Marks.loops``; ``scoped_guard(...) stmt``
  and unknown macros in front of a statement as ``if``, noted in ``Marks.once``; the note is the offset of the name.
  Without arguments there is a ``0`` in the parentheses, over the first of them;
* ``do { } while_each_x(...);`` reads as ``do { } while       (...);``;
* attributes become blanks; ``__free(x)`` is noted in ``Marks.cleanups`` as ``x``, ``__cleanup(fn)`` as ``=fn``, both at
  the offset of the word, and so is ``AUTO_KFREE(x)``, which reads as a declaration of ``x``;
* ``guard(x)(&y);`` and ``CLASS(x, name)(y);`` stay what they look like: a call of what a call returned;
* a type as the argument of a macro (``struct x *``) becomes one identifier over the whole of it (``struct_x__``); so do
  ``typeof(x)``, the member of an ``offsetof``, and ``return -EINVAL``, ``goto out`` and the like as arguments;
* ``case A ... B:`` reads as ``case A || B:``: the operator stands where the dots do;
* a macro without its semicolon gets one, a label before ``}`` an empty statement: over the blank behind it; that, a type
  over several lines and a head that is a macro are the only ways in which the end of a line can go;
* a head that is a macro gets its first argument as name and its other arguments as parameters.
"""

from __future__ import annotations

import re

from getput.csource.arguments import write_arguments
from getput.csource.attributes import blank_attributes, write_declarers
from getput.csource.blocks import Blocks
from getput.csource.codetext import BLANK, Code
from getput.csource.heads import mask_head
from getput.csource.ifdef import settle
from getput.csource.macros import Macros
from getput.csource.syntax import FunctionSource, Marks
from getput.pattern import pattern

_NOISE = pattern(
    rb"""/\*.*?(?:\*/|\Z)|//(?:[^\n\\]|\\.)*|"(?:[^"\\\n]|\\.){0,4096}+"|'(?:[^'\\\n]|\\.){1,64}+'""", re.DOTALL
)


def mask(text: bytes, source: FunctionSource, macros: Macros) -> tuple[bytes, Marks]:
    """The masked text of one function, as long as ``text[source.start:source.end]``, and what the mask took away.

    The offsets in the marks are those of the whole file.
    """
    masked = bytearray(_NOISE.sub(_quiet, text[source.start : source.end]))
    marks = Marks(cleanups={}, loops=set(), once=set())
    if b"#" not in masked:
        _overwrite(masked, source.start, macros, marks)
        return bytes(masked), marks
    # The directives that stay are out of the way while the code around them is looked at.
    directives = [(low, bytes(masked[low:high])) for low, high in settle(masked)]
    for low, directive in directives:
        masked[low : low + len(directive)] = b" " * len(directive)
    _overwrite(masked, source.start, macros, marks)
    for low, directive in directives:
        masked[low : low + len(directive)] = directive
    return bytes(masked), marks


def quieted(text: bytes) -> bytes:
    """*text*, at the same length, without comments and without what its strings say."""
    return _NOISE.sub(_quiet, text)


def _overwrite(masked: bytearray, shift: int, macros: Macros, marks: Marks) -> None:
    """Overwrite, in place, what the grammar cannot read."""
    code = Code(masked)
    if b"__" in masked:
        blank_attributes(code, shift, macros, marks)
    if b"AUTO_" in masked:
        write_declarers(code, shift, macros, marks)
        code.forget_parentheses()
    mask_head(masked, code.body, macros)
    write_arguments(code)
    Blocks(code, shift, macros, marks).mend()


def _quiet(found: re.Match[bytes]) -> bytes:
    """A comment as blanks, a string or character without what it says."""
    token = found[0]
    first = token[0]
    if first == 0x2F:
        return token.translate(BLANK)
    filling = b" " if first == 0x22 else b"0"
    if b"\n" in token:  # a line that goes on in the next one does so in the mask, too
        filled = b"\\\n".join(filling * len(part) for part in token[1:-1].split(b"\\\n"))
    else:
        filled = filling * (len(token) - 2)
    return token[:1] + filled + token[-1:]
