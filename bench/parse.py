"""How much of a source tree getput can read: ``python bench/parse.py --tree DIR [--sample N --seed S] [--errors K]``.

Prints the share of functions without a parse error and in a plausible shape, for all functions and for those that touch
counts, by top-level folder; the speed; and on request where the first error of a random choice of the others stands.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from getput.csource import macros, parse, split
from getput.csource.syntax import Node

_COUNTS = re.compile(rb"\b\w*(?:_get|_put|get_|put_|_ref|ref_|_unref|refcount|kref)\w*\s*\(")
_NOT_KEYWORD = re.compile(rb"^[ \t]*#[ \t]*\w+|#[ \t]*(?:if|else|endif)\w*|\basm\s+(?:volatile\s+)?goto", re.MULTILINE)
_KEYWORD = re.compile(rb"\b(?:if|for|while|switch|goto|return|break|continue)\b(?!\s*(?:=[^=]|:\s*[^\s;]+[,)]))")
_STATEMENTS: dict[bytes, tuple[str, ...]] = {
    b"if": ("if_statement",),
    b"for": ("for_statement",),
    b"while": ("while_statement", "do_statement"),
    b"switch": ("switch_statement",),
    b"return": ("return_statement",),
    b"break": ("break_statement",),
    b"continue": ("continue_statement",),
    b"goto": ("goto_statement",),
}


class Bad(NamedTuple):
    """A function that was not read right: where, why, the text around the place."""

    path: str
    name: str
    line: int
    why: str
    text: str


class Tally(NamedTuple):
    """What one file gave."""

    path: str
    size: int
    functions: int
    counting: int
    bad: list[tuple[Bad, bool]]
    seconds: float
    worst: float


def _suspicious(root: Node, masked: bytes, start: int) -> tuple[str, int] | None:
    """A shape that no real function has, and where; the grammar finds such without an error."""
    if root.kind != "function_definition":
        return f"root is {root.kind}", root.start
    seen: Counter[str] = Counter()
    todo = list(root.children)
    while todo:
        node = todo.pop()
        kind = node.kind
        seen[kind] += 1
        if kind == "function_definition":
            return "nested function", node.start
        if kind == "ERROR":
            return "ERROR", node.start
        if kind == "macro_type_specifier" and b"\n" in masked[node.end - start : node.end - start + 2]:
            return "macro type", node.start
        if kind == "declaration" and _calls(node):
            return "call as declaration", node.start
        todo.extend(node.children)
    words = Counter(_KEYWORD.findall(masked))
    for word, kinds in _STATEMENTS.items():
        if words[word] != sum(seen[kind] for kind in kinds):
            return f"{word.decode()} {words[word]} times", start
    return None


def _calls(declaration: Node) -> bool:
    """Whether a declaration is rather a macro and a call: ``FOO bar(x);``."""
    for child in declaration.children:
        if child.kind == "function_declarator" and child.field == "declarator":
            inner = next((c for c in child.children if c.field == "declarator"), None)
            parameters = next((c for c in child.children if c.field == "parameters"), None)
            if inner is None or inner.kind != "identifier" or parameters is None:
                continue
            if any(p.kind == "parameter_declaration" and _bare(p) for p in parameters.children):
                return True
    return False


def _bare(parameter: Node) -> bool:
    """Whether a parameter is one word that is no builtin type."""
    return len(parameter.children) == 1 and parameter.children[0].kind == "type_identifier"


def _missing(masked: bytes) -> int:
    """The offset of the first ERROR or MISSING node of a masked text, or -1."""
    cursor = parse._PARSER.parse(masked).walk()
    best = -1
    while True:
        node = cursor.node
        assert node is not None
        if node.is_error or node.is_missing:
            best = node.start_byte
        if node.has_error and cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return best
        if best != -1 and not node.has_error:
            return best


def _file(job: tuple[Path, Path]) -> Tally:
    """Read one file."""
    tree, path = job
    known = macros.for_tree(tree)
    text = path.read_bytes()
    began = time.perf_counter()
    sources = split.functions(text)
    parsed = []
    worst = 0.0
    for source in sources:
        start = time.perf_counter()
        parsed.append(parse.parse_function(text, source, known))
        worst = max(worst, time.perf_counter() - start)
    seconds = time.perf_counter() - began
    bad: list[tuple[Bad, bool]] = []
    counting = 0
    for source, result in zip(sources, parsed, strict=True):
        counts = _COUNTS.search(text, source.start, source.end) is not None
        counting += counts
        masked = parse.parse_masked(text, source, known)[1]
        why = _suspicious(result.root, _NOT_KEYWORD.sub(b"", masked), source.start)
        if result.errors and (why is None or why[0] != "nested function"):
            at = _missing(masked)
            why = ("error", source.start + max(at, 0))
        if why is not None:
            at = why[1]
            low = max(source.start, text.rfind(b"\n", 0, max(at - 120, 0)))
            line = text.count(b"\n", 0, at) + 1
            shown = text[low : at + 120].decode("latin-1") + "\n--- masked\n"
            shown += masked[low - source.start : at + 120 - source.start].decode("latin-1")
            bad.append((Bad(str(path.relative_to(tree)), source.name, line, why[0], shown), counts))
    return Tally(str(path.relative_to(tree)), len(text), len(sources), counting, bad, seconds, worst)


def _files(tree: Path, only: list[str]) -> Iterator[Path]:
    """The C files of a tree outside of tools/ and documentation, sorted."""
    for path in sorted(tree.rglob("*.[ch]")):
        name = str(path.relative_to(tree))
        if name.startswith(("tools/", "Documentation/", "scripts/", "usr/")) or not path.is_file():
            continue
        if not only or name.startswith(tuple(only)):
            yield path


def _share(good: int, whole: int) -> str:
    return f"{100 * good / whole:7.3f} % ({whole - good} of {whole} bad)" if whole else "      -"


def main() -> None:
    """Read the files and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tree", type=Path, required=True)
    parser.add_argument("--only", action="append", default=[], help="a path prefix, e.g. arch/")
    parser.add_argument("--sample", type=int, help="so many files at random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--errors", type=int, default=0, help="show so many functions that were not read")
    options = parser.parse_args()
    paths = list(_files(options.tree, options.only))
    rng = random.Random(options.seed)
    if options.sample and options.sample < len(paths):
        paths = rng.sample(paths, options.sample)
    jobs = [(options.tree, path) for path in paths]
    if options.jobs > 1:
        with ProcessPoolExecutor(options.jobs) as pool:
            tallies = list(pool.map(_file, jobs, chunksize=32))
    else:
        tallies = [_file(job) for job in jobs]
    report(tallies, options.errors, rng)


def report(tallies: list[Tally], errors: int, rng: random.Random) -> None:
    """Print the figures."""
    functions, counting = sum(t.functions for t in tallies), sum(t.counting for t in tallies)
    bad = [entry for tally in tallies for entry in tally.bad]
    print(f"files        {_share(sum(not t.bad for t in tallies), len(tallies))}")
    print(f"functions    {_share(functions - len(bad), functions)}")
    print(f"  counting   {_share(counting - sum(counts for _, counts in bad), counting)}")
    seconds, size = sum(t.seconds for t in tallies), sum(t.size for t in tallies)
    print(f"speed        {size / seconds / 1e6:.2f} MB/s, {1e3 * seconds / max(functions, 1):.3f} ms a function")
    slow = max(tallies, key=lambda tally: tally.worst)
    print(f"slowest      {1e3 * slow.worst:.0f} ms in {slow.path}")
    print("causes       " + ", ".join(f"{why} {n}" for why, n in Counter(b.why for b, _ in bad).most_common()))
    tops: dict[str, list[int]] = {}
    for tally in tallies:
        entry = tops.setdefault(tally.path.split("/")[0], [0, 0])
        entry[0] += tally.functions - len(tally.bad)
        entry[1] += tally.functions
    for top, (good, whole) in sorted(tops.items()):
        print(f"  {top:12} {_share(good, whole)}")
    for found, _ in rng.sample(bad, min(errors, len(bad))):
        print(f"\n=== {found.path}:{found.line} {found.name}: {found.why}\n{found.text}")


if __name__ == "__main__":
    main()
