"""The one place where a fault of getput's own is caught: it becomes the answer to its input, and the rest goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from getput.model import Answer, Problem, Stats


def guarded(name: str, work: Callable[[], Answer]) -> Answer:
    """What *work* answers about the input called *name*, or that it broke, how and where."""
    try:
        return work()
    except MemoryError:
        return failed(name, "there is not enough memory to judge it")
    except Exception as error:  # noqa: BLE001 -- whatever it is, thousands of other inputs may be waiting
        return failed(name, f"internal error: {type(error).__name__}: {error} ({_innermost(error)})")


def failed(name: str, message: str) -> Answer:
    """The answer to an input of which nothing could be judged."""
    return Answer(input=name, patches=(), findings=(), errors=(Problem(name, message),), stats=Stats())


def _innermost(error: Exception) -> str:
    """``module.py:line`` where it broke."""
    trace = error.__traceback__
    if trace is None:
        return "unknown place"
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
