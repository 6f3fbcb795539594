#!/usr/bin/env python3
"""Fuzz one target, guided by coverage: ``python bench/fuzz/run.py TARGET --for SECONDS --work DIR [--mails DIR] [--sources DIR]``.

Needs atheris (``pip install atheris``).  Seeds are read when the run begins: mails of a folder, functions of the C files of another, and the
project's own samples; what covers something new is kept in ``DIR/TARGET`` and is where the next run begins.  An input that breaks a promise, or
takes the processor longer than a second, is written to ``DIR/finds``, one a place in the code, and the run goes on.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
SLOW = 1.0  # seconds of the processor
LONGEST = 8_000  # bytes of a seed
SEEDS = 400


class Watched:
    """A target that keeps what goes wrong instead of ending the run."""

    def __init__(self, name: str, target: Callable[[bytes], None], finds: Path) -> None:
        self.name = name
        self.target = target
        self.finds = finds
        self.seen: set[str] = set()
        self.slowest = 0.0

    def __call__(self, raw: bytes) -> None:
        start = time.process_time()
        try:
            self.target(raw)
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is a find
            frames = traceback.extract_tb(error.__traceback__)
            place = f"{type(error).__name__} {frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}"
            self.keep("broken", place, raw, "".join(traceback.format_exception(error)))
        spent = time.process_time() - start
        self.slowest = max(self.slowest, spent)
        if spent > SLOW:
            self.keep("slow", f"{spent.__trunc__()} s", raw, f"{spent:.1f} s\n")

    def keep(self, kind: str, place: str, raw: bytes, said: str) -> None:
        if place in self.seen:
            return
        self.seen.add(place)
        path = self.finds / f"{self.name}-{kind}-{hashlib.sha1(raw, usedforsecurity=False).hexdigest()[:10]}"
        path.write_bytes(raw)
        path.with_suffix(".txt").write_text(said, encoding="utf-8", errors="backslashreplace")
        print(f"FIND {self.name} {kind} {place} -> {path.name}", flush=True)


def seeds(name: str, mails: Path | None, sources: Path | None, choice: random.Random) -> list[bytes]:
    """What the run begins with."""
    if name in ("mail", "diff"):
        found = sorted(path for path in mails.rglob("*") if path.is_file() and path.suffix != ".jsonl") if mails else []
        chosen = choice.sample(found, min(SEEDS, len(found)))
        return [path.read_bytes()[:LONGEST] for path in chosen]
    samples = sorted((HERE.parents[1] / "fixtures").glob("*/*/after.c"))
    out = [path.read_bytes()[:LONGEST] for path in choice.sample(samples, min(SEEDS, len(samples)))]
    if sources is None:
        return out
    from getput.csource.split import functions

    files = sorted(sources.rglob("*.c"))
    for path in choice.sample(files, min(SEEDS, len(files))):
        text = path.read_bytes()
        if known := [source for source in functions(text) if source.end - source.start < LONGEST]:
            one = choice.choice(known)
            out.append(text[one.start : one.end] + b"\n")
    return out


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description="Fuzz one target, guided by coverage.")
    parser.add_argument("target")
    parser.add_argument("--for", type=int, default=60, dest="seconds", help="seconds")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--mails", type=Path)
    parser.add_argument("--sources", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    import atheris

    with atheris.instrument_imports(include=["getput", "getput_rules"]):
        sys.path.insert(0, str(HERE))
        from targets import TARGETS, WORDS

        TARGETS[args.target](b"")  # imports what it needs

    corpus, finds = args.work / args.target, args.work / "finds"
    for folder in (corpus, finds):
        folder.mkdir(parents=True, exist_ok=True)
    if not any(corpus.iterdir()):
        for number, raw in enumerate(seeds(args.target, args.mails, args.sources, random.Random(args.seed))):
            (corpus / f"seed{number}").write_bytes(raw)
    words = args.work / f"{args.target}.words"
    words.write_text("".join(f'"{word}"\n' for word in WORDS[args.target]), encoding="ascii")
    watched = Watched(args.target, TARGETS[args.target], finds)
    limits = [f"-max_total_time={args.seconds}", "-timeout=60", "-rss_limit_mb=3000", f"-max_len={LONGEST}"]
    where = [f"-dict={words}", f"-artifact_prefix={finds}/{args.target}-", str(corpus)]
    atheris.Setup([sys.argv[0], *limits, f"-seed={args.seed}", "-print_final_stats=1", *where], watched)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
