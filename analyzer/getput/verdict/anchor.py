"""The changed line that brings a bug about."""

from __future__ import annotations

from getput.model import Anchor
from getput.verdict.place import Judged


def anchor(
    one: Judged,
    added: frozenset[int],
    removed: dict[int, str],
    after_lines: range,
    before_lines: range,
    before_path: str,
) -> Anchor | None:
    """The changed line to which a reviewer's eye should go; None where the function has none.

    *added* are the changed lines of the after-image, *removed* those of the before-image with their text; the ranges are the function's
    lines in both.  An added line on the path wins; else a removed one that names the object or a put; else the nearest.
    """
    for step in reversed(one.way):
        if step.line in added and step.file == one.path:
            return Anchor(one.path, step.line, "after", step.text)
    name = one.found.object.rsplit("->", 1)[-1].rsplit(".", 1)[-1]
    here = [line for line in sorted(removed) if line in before_lines]
    for words in ((name, "put"), ("put",), (name,)):
        for line in here:
            if all(word and word in removed[line] for word in words):
                return Anchor(before_path, line, "before", removed[line])
    for line in sorted(removed):
        if name and name in removed[line] and "put" in removed[line]:
            return Anchor(before_path, line, "before", removed[line])
    near = sorted((abs(line - one.line), line) for line in added if line in after_lines)
    if near:
        return Anchor(one.path, near[0][1], "after")
    for line in (*here, *sorted(removed)):
        return Anchor(before_path, line, "before", removed[line])
    for line in sorted(added):
        return Anchor(one.path, line, "after")
    return None
