"""Where git keeps what belongs to a work tree, found without asking git."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from getput.untrusted import contents

# What an answer of `git config` can depend on beside files.
_TOLD = ("GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG", "GIT_DIR", "GIT_COMMON_DIR")


def work_tree(folder: Path) -> Path | None:
    """The root of the git work tree (or the bare repository) around *folder*; None where there is none."""
    here = Path(os.path.abspath(folder))  # noqa: PTH100 -- resolve() would follow links out of the tree
    for place in (here, *here.parents):
        if (place / ".git").exists() or ((place / "HEAD").is_file() and (place / "objects").is_dir()):
            return place
    return None


class GitFolders:
    """A work tree's ``own`` folder, and the one that it has in ``common`` with the other work trees of the repository."""

    __slots__ = ("common", "own")

    def __init__(self, own: Path, common: Path) -> None:
        self.own = own
        self.common = common


@lru_cache(maxsize=8)
def git_folders(tree: Path) -> GitFolders | None:
    """The folders of the work tree (or the bare repository) around *tree*; None where there is none, or it cannot be read."""
    root = work_tree(tree)
    if root is None:
        return None
    own = root / ".git"
    try:
        if own.is_file():
            own = root / own.read_text().removeprefix("gitdir:").strip()
        elif not own.is_dir():
            own = root
        shared = own / "commondir"
        return GitFolders(own, own / shared.read_text().strip() if shared.is_file() else own)
    except (OSError, UnicodeDecodeError):
        return None


def may_say(tree: Path) -> bool:
    """Whether git's configuration can have a section ``[getput]`` in *tree*: none of the files that git would read
    names it, nor includes others, where not.  Reading them takes a tenth of the time of asking git."""
    if any(name in os.environ for name in _TOLD):
        return True
    for file in _files(tree):
        try:
            text = contents(file).lower()
            if b"getput" in text or b"include" in text:
                return True
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            return True
    return False


def _files(tree: Path) -> Iterator[Path]:
    """Every file in which git looks for settings."""
    said = os.environ.get
    if said("GIT_CONFIG_NOSYSTEM", "").lower() in ("", "0", "false", "no", "off"):
        yield from [Path(said("GIT_CONFIG_SYSTEM", ""))] if "GIT_CONFIG_SYSTEM" in os.environ else _of_the_system()
    if "GIT_CONFIG_GLOBAL" in os.environ:
        yield Path(said("GIT_CONFIG_GLOBAL", ""))
    elif home := said("HOME", ""):
        yield Path(home, ".gitconfig")
        yield Path(said("XDG_CONFIG_HOME", "") or Path(home, ".config"), "git", "config")
    folders = git_folders(tree)
    if folders is not None:
        yield folders.common / "config"
        yield folders.own / "config.worktree"


def _of_the_system() -> Iterator[Path]:
    """The file of all users: below the place where git was installed, which for a distribution's git is ``/etc``."""
    yield Path("/etc/gitconfig")
    for folder in os.get_exec_path():
        if os.access(os.path.join(folder, "git"), os.X_OK):  # noqa: PTH118 -- a string in, a string out
            yield Path(os.path.realpath(os.path.join(folder, "git"))).parents[1] / "etc" / "gitconfig"  # noqa: PTH118
            return
