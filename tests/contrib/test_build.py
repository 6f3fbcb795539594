"""Wheels, as they are built on request: with compiled modules."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEADER = Path(sysconfig.get_paths()["include"], "Python.h")


@pytest.fixture
def build():
    """The build hook of the project."""
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def hook(build):
    return build.CompileHook(str(ROOT), {}, None, None, str(ROOT), "wheel")


def test_nothing_is_compiled_unless_asked(build, monkeypatch):
    monkeypatch.delenv(build.WANTED, raising=False)
    data = {"pure_python": True, "infer_tag": False, "force_include": {}}
    one = hook(build)
    assert one.dependencies() == []
    one.initialize("standard", data)
    assert data == {"pure_python": True, "infer_tag": False, "force_include": {}}


def test_every_module_that_is_compiled_is_there(build):
    assert [name for name in build.MODULES if not (ROOT / "analyzer" / "getput" / f"{name}.py").is_file()] == []


@pytest.mark.skipif(shutil.which("cc") is None or not HEADER.exists(), reason="no C compiler, or no headers of Python")
def test_a_compiled_module_says_the_same(build, monkeypatch, tmp_path):
    monkeypatch.setenv(build.WANTED, "1")
    monkeypatch.setattr(build, "MODULES", ("ownership/arithmetic", "ownership/label"))
    data = {"pure_python": True, "infer_tag": False, "force_include": {}}
    one = hook(build)
    one.initialize("standard", data)
    assert not data["pure_python"]
    assert data["infer_tag"]
    shutil.copytree(ROOT / "analyzer" / "getput", tmp_path / "getput")
    for made, place in data["force_include"].items():
        shutil.copy(made, tmp_path / place)
    one.finalize("standard", data, "")
    assert [made for made in data["force_include"] if Path(made).exists()] == []
    program = (
        "from getput.ownership import arithmetic as a; print(a.__file__, [a.fold(op, 7, 2) for op in '+-*/%&|^<'])"
    )

    def said(path: Path) -> list[str]:
        environment = {**os.environ, "PYTHONPATH": str(path)}
        done = subprocess.run([sys.executable, "-c", program], env=environment, check=True, capture_output=True)
        return done.stdout.decode().split(maxsplit=1)

    compiled, python = said(tmp_path), said(ROOT / "analyzer")
    assert compiled[0].startswith(str(tmp_path))
    assert compiled[0].endswith(sysconfig.get_config_var("EXT_SUFFIX"))
    assert python[0].endswith(".py")
    assert compiled[1] == python[1]
