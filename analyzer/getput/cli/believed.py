"""What ``getput apis`` says of functions that no table knows: what the index of a tree believes, and why."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from getput.cli import UsageError, options
from getput.cli.apis import NUMBERS, POINTERS, TRUTHS, in_words
from getput.csource.expand import scope_names
from getput.report.escape import printable
from getput.verdict.current import NONE, OUTDATED, PARTIAL, Current
from getput.verdict.evidence import Belief, Evidence, Step
from getput.verdict.judge import Judge

CLASS = re.compile(r"^__free\((\w+)\)$")


def believed_of(args: argparse.Namespace, names: Sequence[str], hint: Callable[[str], str]) -> list[str]:
    """A page for each function called one of *names*, and for each that a cleanup class of that name calls.

    Raises UsageError, with a *hint*, where the tree has no index, or one that knows nothing of a name.
    """
    tree: Path = options.tree_of(args)
    settings = options.settings(args, tree)
    current = Current(tree, settings)
    if current.state in (NONE, OUTDATED):
        what = "has no index" if current.state == NONE else "has an index that is outdated or not finished"
        raise UsageError(
            f"no table knows {names[0]}: {hint(names[0])} "
            f"What functions of a tree do is known from its index, but {tree} {what}: `getput index --tree {tree}`"
        )
    evidence = Evidence(Judge(tree, settings, current.names), current)
    pages: list[str] = []
    for name in names:
        every = [(one, list(evidence.beliefs(one))) for one in (name, *scope_names(CLASS.sub(r"\1", name)))]
        told = [page(one, beliefs) for one, found in every for beliefs in apart(found)]
        if told:
            pages += ["".join(printable(line) + "\n" for line in lines) for lines in told]
            continue
        files = current.store.files_defining(name)
        if not files:
            raise UsageError(f"neither a table nor the index of {tree} knows {name}: {hint(name)}")
        where = printable(", ".join(files[:5]))
        said = f"{printable(name)}\n  does     nothing to a count of which getput knows ({where})\n"
        if current.state == PARTIAL:
            said += f"  unless   of a family that no scan shows: `getput index --tree {tree}` looks at those, too\n"
        pages.append(said)
    return pages


def apart(beliefs: Sequence[Belief]) -> Iterator[list[Belief]]:
    """*beliefs*, by the function that they are about."""
    places = dict.fromkeys(one.place for one in beliefs)
    for place in places:
        yield [one for one in beliefs if one.place == place]


def page(name: str, beliefs: Sequence[Belief]) -> Iterator[str]:
    """What one function does, counter by counter."""
    first = beliefs[0]
    yield name
    yield f"  in       {first.place} ({first.kind})"
    signs = POINTERS if first.returns.endswith("*") else TRUTHS if first.returns == "bool" else NUMBERS
    for belief in beliefs:
        yield f"  counter  {belief.counter}"
        for effect in belief.contract.effects:
            yield f"  does     {in_words(effect, belief.contract.results, signs, belief.counter)}"
        for step in belief.steps:
            yield from told(step, belief.counter, "  because  ")


def told(step: Step, counter: str, margin: str) -> Iterator[str]:
    """A call, and below it what it calls."""
    does = "; ".join(in_words(effect, 0, NUMBERS, counter) for effect in step.effects)
    where = f"a table, {step.proof}" if step.known else step.proof
    again = " (as above)" if step.again else ""
    yield f"{margin}{step.at}: {step.callee} {does} [{where}]{again}"
    for below in step.steps:
        yield from told(below, counter, " " * (len(margin) + 2))
