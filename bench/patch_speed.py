#!/usr/bin/env python3
"""How long getput takes a patch, against checkpatch.pl on the same patches at the same time.

    python3 bench/patch_speed.py --tree DIR [--cmd getput] [--limit 100] [--cold 10] PATCH...

Two figures: patches judged in one process with ``--each`` (milliseconds a patch, and the ratio to checkpatch.pl, which is started
once a patch as its users do), and one cold process a patch for both.  The two tools run in turn, so that a slow moment of the
machine hits both; medians are over rounds.
"""

from __future__ import annotations

import argparse
import pathlib
import shlex
import statistics
import subprocess
import sys
import time


def timed(command: list[str]) -> float:
    """Seconds that *command* takes, whatever it answers."""
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - start


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tree", type=pathlib.Path, required=True, help="kernel sources, with scripts/checkpatch.pl")
    parser.add_argument("--cmd", default="getput")
    parser.add_argument("--limit", type=int, default=100, help="patches judged in one process")
    parser.add_argument("--cold", type=int, default=10, help="patches judged in a process each")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("patches", nargs="+", type=pathlib.Path)
    args = parser.parse_args()
    checkpatch = args.tree / "scripts" / "checkpatch.pl"
    if not checkpatch.is_file():
        print(f"{checkpatch}: not there", file=sys.stderr)
        return 2
    patches = [str(path) for path in args.patches[: args.limit]]
    getput = [*shlex.split(args.cmd), "check", "--tree", str(args.tree)]
    perl = [str(checkpatch), "-q", "--terse", "--no-summary", f"--root={args.tree}"]
    ours, theirs = [], []
    for _ in range(args.rounds):
        ours.append(timed([*getput, "--each", "--jobs", "1", "--format", "jsonl", *patches]))
        theirs.append(sum(timed([*perl, patch]) for patch in patches))
    one, two = statistics.median(ours), statistics.median(theirs)
    print(
        f"{len(patches)} patches, one process: getput {1000 * one / len(patches):.1f} ms a patch, "
        f"checkpatch.pl {1000 * two / len(patches):.1f} ms, ratio {one / two:.3f}"
    )
    cold = patches[: args.cold]
    pairs = [
        (timed([*getput, "--format", "json", patch]), timed([*perl, patch]))
        for patch in cold
        for _ in range(args.rounds)
    ]
    ratio = statistics.median(a / b for a, b in pairs)
    print(
        f"{len(cold)} patches, a process each: getput {1000 * statistics.median(a for a, _ in pairs):.0f} ms, "
        f"checkpatch.pl {1000 * statistics.median(b for _, b in pairs):.0f} ms, median ratio {ratio:.2f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
