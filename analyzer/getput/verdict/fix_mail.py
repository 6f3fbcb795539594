"""A patch that mends something, as a mail that ``git am`` takes."""

from __future__ import annotations

import textwrap

from getput import __version__
from getput.model import Finding
from getput.verdict.mending import Mended

NOBODY = "NAME <EMAIL>"
WIDTH = 72
TOPS = frozenset({"drivers", "fs", "arch", "sound", "include"})  # folders that a subject does not name


def mail(done: Mended, author: str | None) -> str:
    """The mail; *author* is NAME <EMAIL>, a placeholder where it is None.  Empty where nothing is mended."""
    if not done.files:
        return ""
    said = [paragraph(finding) for finding in done.taken]
    head = f"From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001\nFrom: {author or NOBODY}\n"
    fixes = '# To be filled in above the line: Fixes: 0123456789ab ("SUBJECT"), and Signed-off-by:\n'
    return (
        f"{head}Subject: [PATCH] {subject(done)}\n\n"
        + "\n\n".join(said)
        + f"\n---\n{fixes}\n{done.diff}-- \ngetput {__version__}\n\n"
    )


def subject(done: Mended) -> str:
    """What the patch does, behind the names of the folder and the file as subjects of the kernel have them."""
    functions = list(dict.fromkeys(f"{one.function}()" for one in done.taken))
    where = functions[0] if len(functions) == 1 else f"{len(functions)} functions"
    paths = [path for path, _, _ in done.files]
    return f"{area(paths)}: fix reference counting in {where}"


def area(paths: list[str]) -> str:
    """``folder: file`` of one file, the folder that all of several share."""
    parts = [path.split("/") for path in paths]
    if len(parts) == 1:
        folders, name = parts[0][:-1], parts[0][-1].rpartition(".")[0]
        near = [one for one in folders[-1:] if one not in TOPS and not name.startswith(one)]
        return ": ".join([*near, name])
    shared = []
    for level in zip(*(one[:-1] for one in parts), strict=False):
        if len(set(level)) > 1:
            break
        shared.append(level[0])
    near = [one for one in shared if one not in TOPS]
    return ": ".join(near[-2:]) or "treewide"


def paragraph(finding: Finding) -> str:
    """One finding in a sentence."""
    text = f"{finding.function}(): {finding.message}."
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)
