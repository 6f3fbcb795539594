"""What ``b4 review`` takes up from ``.git/b4-review/HEAD/``: an identity, a note on the series, and for each patch with findings its whole diff,
quoted, with remarks between.

https://b4.docs.kernel.org: b4 places each remark by the quoted line above it, and leaves the files alone where HEAD has moved on.
"""

from __future__ import annotations

from collections.abc import Iterator

from getput import __version__
from getput.model import Answer, Finding, Status
from getput.report.quote import complete, placed
from getput.report.remarks import remark, wrapped

IDENTITY = "getput <getput@localhost>"


def files(answer: Answer) -> dict[str, str]:
    """Names and contents, in the order in which they are to be written: the identity last, for without it b4 passes over the rest.

    Nothing where *answer* has nothing to say of any patch that has a number.
    """
    out = {}
    for index, patch in enumerate(answer.patches):
        found = [one for one in answer.findings if one.patch == index and one.status is Status.INTRODUCED]
        if found and patch.letter is not None:
            out[f"{index + 1:04d}.txt"] = "".join(f"{line}\n" for line in _patch(answer, index, found))
    if not out:
        return {}
    questions = sum(one.status is Status.INTRODUCED for one in answer.findings)
    judged = answer.stats.functions
    text = (
        f"getput {__version__} followed the reference counts of {_many(judged, 'function')} in "
        f"{_many(len(answer.patches), 'patch', 'patches')}: {_many(questions, 'question')} on {_many(len(out), 'patch', 'patches')}."
    )
    lines = wrapped(text)
    if answer.errors:
        lines += ["", f"Not judged: {len(answer.errors)} of what it was given."]
    return {**out, "series.txt": "\n".join(lines) + "\n", "identity.txt": IDENTITY + "\n"}


def _patch(answer: Answer, index: int, found: list[Finding]) -> Iterator[str]:
    letter = answer.patches[index].letter
    assert letter is not None
    functions = ", ".join(dict.fromkeys(f"{one.function}()" for one in found))
    yield from wrapped(f"{_many(len(found), 'question')} about reference counts, in {functions}.")
    yield ""
    known, rest = placed(found, answer)
    for one in rest:
        yield from (*remark(one, answer), "")
    yield from complete(letter, known, answer)


def _many(count: int, noun: str, plural: str = "") -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {plural or noun + 's'}"
