"""What a wheel holds: Python alone or, built with ``GETPUT_COMPILE=1``, the modules that follow paths compiled by mypyc as well.

Both say the same, byte for byte. The sources go along with what was made of them: they are what a build is known by.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WANTED = "GETPUT_COMPILE"
# Where the time goes.  No text is cut in them with an end that may lie before the start: there mypyc's slices of bytes end in an error.
MODULES = (
    "csource/arguments",
    "csource/blocks",
    "csource/codetext",
    "csource/lower",
    "csource/lower_assign",
    "csource/lower_call",
    "csource/lower_decl",
    "csource/lower_expr",
    "csource/lower_flow",
    "csource/lower_graph",
    "csource/lower_order",
    "csource/lower_stmt",
    "csource/parse",
    "csource/split",
    "flow/cfg",
    "index/facts",
    "ownership/arithmetic",
    "ownership/batches",
    "ownership/calls",
    "ownership/core",
    "ownership/drops",
    "ownership/effects",
    "ownership/evaluate",
    "ownership/excess",
    "ownership/exits",
    "ownership/label",
    "ownership/pages",
    "ownership/registration",
    "ownership/rename",
    "ownership/solve",
    "ownership/state",
    "ownership/summary",
    "ownership/traits",
    "ownership/transfer",
    "ownership/unit",
    "ownership/values",
)
NEEDED = ("mypy>=1.14", "setuptools>=65", "msgspec>=0.19", "tree-sitter>=0.25,!=0.26.0", "tree-sitter-c>=0.24")
PROGRAM = """\
import sys
from mypyc.build import mypycify
from setuptools import setup
modules = sys.argv[1:]
sys.argv = ["setup.py", "build_ext", "--build-lib", "made"]
setup(name="getput", packages=[], ext_modules=mypycify(modules, opt_level="2", debug_level="0", multi_file=True))
"""


class CompileHook(BuildHookInterface[Any]):
    """Compiles :data:`MODULES` where that is asked for."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What compiling needs; nothing where it is not asked for."""
        return list(NEEDED) if wanted() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and enter what was made into the wheel.  Raises CalledProcessError where that fails: who asks for it wants it."""
        if not wanted() or version == "editable":
            return
        self.scratch = Path(tempfile.mkdtemp(prefix="getput-build-"))
        source = Path(self.root, "analyzer", "getput")
        shutil.copytree(source, self.scratch / "getput", ignore=shutil.ignore_patterns("__pycache__"))
        files = [f"getput/{module}.py" for module in MODULES]
        try:
            subprocess.run([sys.executable, "-c", PROGRAM, *files], cwd=self.scratch, check=True)
        except BaseException:
            shutil.rmtree(self.scratch)
            raise
        made = self.scratch / "made"
        for path in sorted(made.rglob("*")):
            if path.is_file():
                build_data["force_include"][str(path)] = path.relative_to(made).as_posix()
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """What was made is in the wheel now."""
        if hasattr(self, "scratch"):
            shutil.rmtree(self.scratch)


def wanted() -> bool:
    """Whether a compiled wheel is asked for."""
    return os.environ.get(WANTED) == "1"
