"""Input that means harm, and the bounds that it runs into."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

CODE = """\
int demo_read(struct device *dev)
{
	struct device_node *np = of_find_node_by_path("/demo");
	int ret;

	if (!np)
		return -ENODEV;
	ret = of_property_read_u32(np, "a", NULL);
	if (ret)
		return ret;
	of_node_put(np);
	return 0;
}
"""
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def new_file(text: str, name: str = "drivers/demo/demo.c", subject: str = "demo: a driver") -> str:
    """The mail of a patch that makes a file."""
    lines = text.split("\n")[:-1]
    head = f"From: A <a@example.org>\nSubject: [PATCH] {subject}\n\n---\ndiff --git a/{name} b/{name}\nnew file mode 100644\n"
    return f"{head}--- /dev/null\n+++ b/{name}\n@@ -0,0 +1,{len(lines)} @@\n" + "".join(f"+{line}\n" for line in lines)


@pytest.fixture
def getput() -> Run:
    """Runs ``getput`` in a process that ends by itself, without a fault of its own."""

    def run(
        *args: object, cwd: Path, stdin: str | bytes = "", limits: dict[int, int] | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        def bounded() -> None:
            for what, value in (limits or {}).items():
                resource.setrlimit(what, (value, value))

        done = subprocess.run(
            [sys.executable, "-m", "getput", *map(str, args)],
            cwd=cwd,
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            env={**os.environ, "NO_COLOR": "", **environment},
            timeout=60,
            check=False,
            preexec_fn=bounded,
        )
        out, err = (stream.decode("utf-8", "surrogateescape") for stream in (done.stdout, done.stderr))
        assert "Traceback" not in err, err
        assert "internal error" not in out + err, out + err
        return subprocess.CompletedProcess(done.args, done.returncode, out, err)

    return run


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    top = tmp_path / "tree"
    top.mkdir()
    return top
