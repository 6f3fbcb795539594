"""Load on ``getput serve``: clients that post patches as fast as they are answered, some of which mean harm.

    python bench/serve_load.py --getput .venv/bin/getput --tree fixtures/demo --patches fixtures --clients 8 --minutes 5

Prints what was answered, how fast, and the memory of all processes of the server once a tenth of the time; ends with 1 where an answer is none of
the documented ones, where the 99th percentile is 2 s or more, or where the memory at the end is more than 1.2 times that after the first tenth.
"""

from __future__ import annotations

import argparse
import difflib
import http.client
import json
import random
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

DOCUMENTED = {200, 400, 408, 413, 415, 503, 504}


def hostile(chance: random.Random, patches: list[bytes]) -> bytes:
    """One body that is no honest patch."""
    kind = chance.randrange(9)
    if kind == 0:
        return chance.randbytes(chance.randrange(1, 200_000))
    if kind == 1:
        return chance.choice(patches)[: chance.randrange(1, 2000)]
    if kind == 2:
        body = bytearray(chance.choice(patches))
        for _ in range(50):
            body[chance.randrange(len(body))] = chance.randrange(256)
        return bytes(body)
    if kind == 3:
        return b"x" * (5 << 20)
    if kind == 4:
        return b"\x1f\x8b\x08" + bytes(1000)
    if kind == 5:
        return new_file(b"int f(void)\n{\n\treturn " + b"(" * 20_000 + b"1" + b")" * 20_000 + b";\n}\n")
    if kind == 6:
        lines = b"".join(b"l%d: if (x) goto l%d;\n" % (one, one // 2) for one in range(10_000))
        return new_file(b"int f(struct device *x)\n{\n\tget_device(x);\n" + lines + b"\treturn 0;\n}\n")
    if kind == 7:
        parts = b"".join(b"--b\nContent-Type: text/plain\n\nx\n" for _ in range(10_000))
        return b"From: a\nSubject: [PATCH] x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n" + parts
    return b"--- a/../../etc/passwd\n+++ b/../../etc/passwd.c\n@@ -1,1 +1,99999999 @@\n-x\n+y\n"


def honest(folder: Path) -> list[bytes]:
    """The patches below *folder*, and the change from before.c to after.c where these stand in one folder, as in fixtures/."""
    found = sorted({*folder.rglob("*.patch"), *folder.rglob("*.mbox")})
    out = [text for path in found if 0 < len(text := path.read_bytes()) < 1 << 20]
    for before in sorted(folder.rglob("before.c")):
        after = before.with_name("after.c")
        if after.is_file():
            texts = (path.read_text().splitlines(keepends=True) for path in (before, after))
            name = f"{before.parent.relative_to(folder)}.c"
            out.append("".join(difflib.unified_diff(*texts, f"a/{name}", f"b/{name}", n=50)).encode())
    return out


def new_file(text: bytes) -> bytes:
    """The diff that makes a file of *text*."""
    lines = text.splitlines()
    head = b"diff --git a/x.c b/x.c\nnew file mode 100644\n--- /dev/null\n+++ b/x.c\n@@ -0,0 +1,%d @@\n" % len(lines)
    return head + b"".join(b"+" + line + b"\n" for line in lines)


def client(
    seed: int, port: int, patches: list[bytes], share: float, until: float, out: list[tuple[str, bool, float]]
) -> None:
    """Posts until the time is over."""
    chance = random.Random(seed)
    while time.monotonic() < until:
        bad = chance.random() < share
        body = hostile(chance, patches) if bad else chance.choice(patches)
        form = chance.choice(("json", "sarif"))
        start = time.monotonic()
        try:
            link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            link.request("POST", f"/check?format={form}", body, {"Content-Type": "text/plain"})
            answer = link.getresponse()
            text = answer.read()
            if answer.status == 200:
                json.loads(text)
            said = str(answer.status)
            link.close()
        except (BrokenPipeError, ConnectionResetError):
            said = "413" if len(body) > 4 << 20 else "reset"  # the server need not read what it refused
        except (OSError, ValueError, http.client.HTTPException) as error:
            said = type(error).__name__
        out.append((said, bad, time.monotonic() - start))


def memory(top: int) -> int:
    """kB that the process *top* and all below it hold by themselves (Pss)."""
    parents = {}
    for about in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(about.parent.name)] = int(about.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    family = {top}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    total = 0
    for pid in family:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
        except (OSError, StopIteration):
            continue
    return total


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--getput", default="getput")
    parser.add_argument("--tree", default=".")
    parser.add_argument("--patches", type=Path, required=True, help="a folder of patches")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--hostile", type=float, default=0.2)
    args = parser.parse_args()
    patches = honest(args.patches)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([args.getput, "serve", "--port", str(port), "--tree", args.tree])
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        out: list[tuple[str, bool, float]] = []
        seconds = 60 * args.minutes
        until = time.monotonic() + seconds
        threads = [
            threading.Thread(target=client, args=(seed, port, patches, args.hostile, until, out))
            for seed in range(args.clients)
        ]
        for thread in threads:
            thread.start()
        held = []
        for step in range(10):
            time.sleep(seconds / 10)
            held.append(memory(server.pid))
            print(f"{(step + 1) * seconds / 10:6.0f} s  {len(out):7} answers  {held[-1] / 1024:6.0f} MB", flush=True)
        for thread in threads:
            thread.join()
    finally:
        server.terminate()
        server.wait(30)
    times = sorted(took for _, _, took in out)
    middle, slow = times[len(times) // 2], times[int(len(times) * 0.99)]
    print("patches", len(patches), "answers", dict(sorted(Counter(said for said, _, _ in out).items())))
    print("of hostile bodies", dict(sorted(Counter(said for said, bad, _ in out if bad).items())))
    print(f"p50 {middle:.3f} s, p99 {slow:.3f} s, slowest {times[-1]:.3f} s, {len(out) / seconds:.1f} a second")
    wrong = [said for said, _, _ in out if not said.isdecimal() or int(said) not in DOCUMENTED]
    return int(bool(wrong) or slow >= 2 or held[-1] > 1.2 * held[0])


if __name__ == "__main__":
    sys.exit(main())
