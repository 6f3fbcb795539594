#!/usr/bin/env python3
"""How long getput takes to scan a tree, against what tree-sitter alone takes to parse all its .c files with as many processes.

    python3 bench/tree_speed.py --tree DIR [--cmd getput] [--jobs 2] [--rounds 1] [--changes 3]

Prints, each with its ratio to the bare parse: a cold scan (no index yet), a warm one (nothing changed), and a scan of one file that has
just changed; and the peak memory (resident, MiB) of the largest process.  Indexes go into a folder that is deleted again.  The tree is not
touched: what changes is a file of a copy made of links, which is what getput is shown all the time.  Parse and scan run in turn.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import pathlib
import resource
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import tree_sitter_c
from tree_sitter import Language, Parser


def parse(paths: list[str]) -> int:
    """Parse files, and keep nothing; how many bytes."""
    parser = Parser(Language(tree_sitter_c.language()))
    size = 0
    for path in paths:
        text = pathlib.Path(path).read_bytes()
        size += len(text)
        parser.parse(text)
    return size


def bare(files: list[str], jobs: int) -> float:
    """Seconds that tree-sitter takes for *files* in *jobs* processes."""
    start = time.perf_counter()
    batches = [files[begin : begin + 64] for begin in range(0, len(files), 64)]
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        for _ in pool.imap_unordered(parse, batches):
            pass
    return time.perf_counter() - start


def linked(tree: pathlib.Path, copy: pathlib.Path) -> list[str]:
    """A copy of the C sources of *tree* made of hard links, or of copies where the file system ends; its .c files."""
    files = []
    for folder, folders, names in os.walk(tree):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        here = copy / os.path.relpath(folder, tree)
        here.mkdir(parents=True, exist_ok=True)
        for name in sorted(names):
            if name.endswith((".c", ".h")) or name in (".clang-format", "MAINTAINERS", "Kbuild"):
                source = pathlib.Path(folder, name)
                if source.is_symlink() or not source.is_file():
                    continue
                try:
                    os.link(source, here / name)
                except OSError:
                    shutil.copy2(source, here / name)
                if name.endswith(".c"):
                    files.append(str(here / name))
    return files


def scan(command: list[str], cache: pathlib.Path) -> float:
    """Seconds that a scan takes.  Raises SystemExit where it does not end well."""
    start = time.perf_counter()
    done = subprocess.run(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
        check=False,
    )
    if done.returncode:
        raise SystemExit(
            f"{shlex.join(command)}: exit status {done.returncode}\n{done.stderr.decode(errors='replace')}"
        )
    return time.perf_counter() - start


def change(path: str, number: int) -> None:
    """Another text for one file of the copy (a file of its own: the original is linked)."""
    file = pathlib.Path(path)
    text = file.read_bytes()
    file.unlink()
    file.write_bytes(text + b"/* %d */\n" % number)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tree", type=pathlib.Path, required=True)
    parser.add_argument("--cmd", default="getput")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1, help="cold scans, each with a parse before it")
    parser.add_argument("--changes", type=int, default=3, help="files that change, one at a time")
    parser.add_argument(
        "--scratch", type=pathlib.Path, help="where the copy goes (default: the system's folder for that)"
    )
    args = parser.parse_args()
    if not args.tree.is_dir():
        print(f"{args.tree}: no such folder", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(dir=args.scratch) as scratch:
        copy = pathlib.Path(scratch) / "tree"
        files = linked(args.tree.resolve(), copy)
        command = [*shlex.split(args.cmd), "scan", "--tree", str(copy), "--jobs", str(args.jobs), "-q"]
        parses, colds, warms = [], [], []
        for number in range(args.rounds):
            cache = pathlib.Path(scratch) / f"cache{number}"
            parses.append(bare(files, args.jobs))
            colds.append(scan(command, cache))
            warms.append(scan(command, cache))
        parsed = statistics.median(parses)
        print(f"{len(files)} .c files, {args.jobs} processes; tree-sitter alone {parsed:.1f} s")
        for what, seconds in (("cold scan", colds), ("warm scan", warms)):
            took = statistics.median(seconds)
            print(f"{what}: {took:.1f} s, ratio {took / parsed:.2f}")
        changed = []
        for number in range(args.changes):
            path = files[len(files) * (2 * number + 1) // (2 * args.changes)]
            change(path, number)
            changed.append(scan([*command, path], cache))
        if changed:
            took = statistics.median(changed)
            print(
                f"one file changed, and scanned: {took:.2f} s, 1/{statistics.median(colds) / took:.0f} of a cold scan"
            )
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        print(f"largest process: {peak} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
