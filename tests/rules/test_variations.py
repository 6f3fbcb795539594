"""The samples in other words: other names for locals, other blanks and comments, calls and functions beside them that have nothing to do with it.

Nothing of that may change what is said.  A part of the samples is judged each time; all of them with ``GETPUT_LONG=1``.
"""

from __future__ import annotations

import contextlib
import difflib
import importlib.util
import io
import json
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from getput.cli.main import main

PART = 1 if os.environ.get("GETPUT_LONG") else 5

spec = importlib.util.spec_from_file_location("variations", Path(__file__).with_name("variations.py"))
assert spec is not None
assert spec.loader is not None
variations = importlib.util.module_from_spec(spec)
spec.loader.exec_module(variations)


def said(top: Path, samples, change: Callable[[bytes, bytes], bytes]) -> dict[str, Any]:
    """By sample, what ``getput check`` says of its patch, both images changed: everything but words and lines."""
    inputs = []
    for sample in samples:
        texts = [(image.text or "").encode() for image in (sample.before, sample.after)]
        texts = [change(text, b"\n".join(texts)) if text else b"" for text in texts]
        before, after = (text.decode().splitlines(keepends=True) for text in texts)
        path = top / "tree" / sample.path
        path.parent.mkdir(parents=True)
        if before:
            path.write_text("".join(before), encoding="utf-8")
        names = [f"{side}/{sample.path}" if lines else "/dev/null" for side, lines in (("a", before), ("b", after))]
        patch = top / f"{len(inputs)}.patch"
        patch.write_text("".join(difflib.unified_diff(before, after, *names)), encoding="utf-8")
        inputs.append(patch)
    out = io.StringIO()
    options = ["--each", "--show", "all", "--jobs", "1", "--format", "jsonl", "--no-fix", "--tree", top / "tree"]
    with contextlib.redirect_stdout(out):
        main([str(word) for word in ("check", *options, *inputs)])
    answers = [json.loads(line) for line in out.getvalue().splitlines()]
    return {
        f"{sample.rule}/{sample.name}": (
            sorted(
                [one[key] for key in ("status", "rule", "function", "confidence", "family")]
                for one in answer["findings"]
            ),
            answer["errors"],
            answer["stats"]["unparsed"],
        )
        for sample, answer in zip(samples, answers, strict=True)
    }


@pytest.fixture(scope="module")
def chosen(samples):
    """The samples that are judged, others for each rule."""
    return [one for one in samples if zlib.crc32(f"{one.rule}/{one.name}".encode()) % PART == 0]


@pytest.fixture(scope="module")
def plain(tmp_path_factory, chosen) -> dict[str, Any]:
    return said(tmp_path_factory.mktemp("plain"), chosen, lambda text, both: text)


@pytest.mark.parametrize("name", variations.VARIATIONS)
def test_nothing_else_is_said(tmp_path, chosen, plain, name):
    change = variations.VARIATIONS[name]
    assert said(tmp_path, chosen, change) == plain
    texts = [one.after.text.encode() for one in chosen if one.after.text]
    assert sum(change(text, text) != text for text in texts) > len(texts) / 4


def test_what_is_changed():
    text = b'int f(struct a *p)\n{\n\tint dev = g(p->dev, "p");\n\n\treturn h(dev, p);\n}\n'
    name = b"v%x" % zlib.crc32(b"p")
    assert variations.renamed(text, text) == text.replace(b" *p", b" *" + name).replace(
        b"(p-", b"(" + name + b"-"
    ).replace(b", p)", b", " + name + b")")
    assert b"    return h(dev, p);" in variations.respaced(text, text)
    assert b"return h(dev,\n\t\t\tp);" in variations.joined(text, text)
    assert b"\tcond_resched();\n" in variations.padded(b"int f(void)\n{\n\ta();\n\tb();\n\tc();\n\td();\n}\n", b"")
