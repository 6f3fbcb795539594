"""``--format jsonl``: the objects of ``json``, one a line, one line an input, in the inputs' order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from getput.model import Answer
from getput.report import Look
from getput.report.json_ import as_object


def render(answers: Iterable[Answer], look: Look) -> Iterator[str]:  # noqa: ARG001
    """One line an answer, ASCII only."""
    for answer in answers:
        yield json.dumps(as_object(answer), separators=(",", ":")) + "\n"
