"""Hooks of git that run getput: the script, and how it comes into a repository's folder of hooks and leaves it again."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from getput.cli import UsageError

KINDS = ("pre-commit", "pre-push")
MARK = "# getput hook"
KEPT = ".before-getput"  # appended to the name of the hook that was there
OWN = ("local", "worktree")  # scopes of settings that concern this repository alone
NOTHING = "0"  # what an object's id consists of where there is no object
MANY = 1000  # commits: more are not somebody's work of the last days, but a history on its way to an empty repository

SCRIPT = """\
#!/bin/sh
{mark} {kind}: `getput hook uninstall --type {kind}` takes it out again
getput={program}
kept={kept}
here=$(dirname "$0")
{before}
if [ ! -x "$getput" ]; then
	getput=$(command -v getput) || {{
		echo "getput: not found, so nothing is judged; 'getput hook install' renews this hook: $0" >&2
		exit 0
	}}
fi
{after}
"""
BEFORE = {
    "pre-commit": """\
if [ -x "$here/$kept" ]; then
	"$here/$kept" "$@" || exit $?
fi""",
    "pre-push": """\
refs=$(cat)
if [ -x "$here/$kept" ]; then
	printf '%s\\n' "$refs" | "$here/$kept" "$@" || exit $?
fi""",
}
AFTER = {
    "pre-commit": 'exec "$getput" hook run pre-commit',
    "pre-push": 'printf \'%s\\n\' "$refs" | "$getput" hook run pre-push "$@"',
}
PROGRAM = re.compile(r"^getput=(.*)$", re.MULTILINE)


class Hook(msgspec.Struct, frozen=True):
    """One hook of one repository; ``shared`` says whose folder it lies in where that is not the repository's alone."""

    kind: str
    file: Path
    shared: str = ""

    @property
    def kept(self) -> Path:
        """Where the hook lies that was there before."""
        return self.file.with_name(self.file.name + KEPT)

    @property
    def there(self) -> bool:
        """Whether there is any hook; a link that leads nowhere is one too."""
        return os.path.lexists(self.file)

    @property
    def text(self) -> str | None:
        """The script, if it is one of ours."""
        try:
            text = self.file.read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return None
        return text if any(line.startswith(MARK) for line in text.splitlines()[:3]) else None

    @property
    def edited(self) -> bool:
        """Whether somebody has changed our script."""
        text = self.text or ""
        said = PROGRAM.search(text)
        return said is not None and text != _script(self.kind, said[1])


def hook_of(tree: Path, kind: str) -> Hook:
    """The hook of this *kind* where git looks for it: ``core.hooksPath`` and linked work trees included.  Raises UsageError."""
    folder = Path(_git(tree, "rev-parse", "--git-path", "hooks"))
    scope, _, said = _git(tree, "config", "--show-scope", "--get", "core.hooksPath", fails="").partition("\t")
    shared = f"every repository: core.hooksPath is set for all ({scope})" if said and scope not in OWN else ""
    return Hook(kind, Path(os.path.abspath(tree / folder)) / kind, shared)  # noqa: PTH100 -- links stay as they are


def install(hook: Hook) -> Iterator[str]:
    """Put the hook in, before what is there; what was done, in words.  Raises UsageError."""
    try:
        hook.file.parent.mkdir(parents=True, exist_ok=True)
        old = hook.text
        if old is not None and hook.edited:
            raise UsageError(
                f"{hook.file}: this hook of getput's has been edited; take it away, or uninstall it with --force"
            )
        if old is None and hook.there:
            if os.path.lexists(hook.kept):
                raise UsageError(f"{hook.file}: a hook is there, and another is kept in {hook.kept}: take one away")
            hook.file.rename(hook.kept)
            yield f"{hook.kept}: the {hook.kind} hook that was there; it still runs, before getput"
        new = hook.file.with_name(f"{hook.file.name}.{os.getpid()}")
        new.write_text(_script(hook.kind, shlex.quote(_program())), encoding="utf-8", errors="surrogateescape")
        new.chmod(0o755)
        new.replace(hook.file)
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}") from error
    yield f"{hook.file}: {'renewed' if old is not None else 'installed'}"
    if hook.shared:
        yield f"it runs for {hook.shared}"


def uninstall(hook: Hook, force: bool) -> Iterator[str]:
    """Take the hook out, and put back what was there before; what was done, in words.  Raises UsageError."""
    if hook.text is None:
        state = "that hook is not getput's" if hook.there else "there is no such hook"
        raise UsageError(f"{hook.file}: {state}")
    if hook.edited and not force:
        raise UsageError(f"{hook.file}: this hook of getput's has been edited; --force takes it out all the same")
    try:
        if os.path.lexists(hook.kept):
            hook.kept.replace(hook.file)
            yield f"{hook.file}: the hook that was there before is back"
        else:
            hook.file.unlink()
            yield f"{hook.file}: removed"
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}") from error


def status(hook: Hook) -> str:
    """What there is, in words."""
    if hook.text is None:
        return f"{hook.kind}: {'a hook, not of getput' if hook.there else 'no hook'} ({hook.file})"
    more = [""]
    if hook.edited:
        more.append("edited")
    if os.path.lexists(hook.kept):
        more.append(f"after {hook.kept.name}")
    if hook.shared:
        more.append(f"for {hook.shared}")
    said = PROGRAM.search(hook.text)
    program = shlex.split(said[1])[0] if said is not None else ""
    if not os.access(program, os.X_OK):
        more.append(f"{program} is gone: the getput of PATH runs")
    return f"{hook.kind}: installed{', '.join(more)} ({hook.file})"


def pushed(tree: Path, remote: str, lines: Sequence[str]) -> Iterator[tuple[list[str], int]]:
    """For each line of what git tells a ``pre-push`` hook, what to judge as one series, and how many commits that is: the range
    from what the remote has there, or the commits that are new to *remote*.

    Nothing for what is deleted, or has nothing new.  Raises UsageError.
    """
    for line in lines:
        words = line.split(" ")
        if len(words) != 4 or not words[1].strip(NOTHING):
            continue
        _, local, _, known = words
        commit = _git(tree, "rev-parse", "--verify", "--quiet", f"{local}^{{commit}}", fails="")
        if not commit:
            continue  # a tag of something else than a commit
        if known.strip(NOTHING) and _git(tree, "rev-parse", "--verify", "--quiet", f"{known}^{{commit}}", fails=""):
            count = int(_git(tree, "rev-list", "--no-merges", "--count", f"{known}..{commit}"))
            if count:
                yield [f"{known}..{commit}"], count
            continue
        has_name = _git(tree, "config", "--get", f"remote.{remote}.url", fails="")
        remotes = f"--remotes={remote}" if has_name else "--remotes"
        new = _git(tree, "rev-list", "--no-merges", "--topo-order", "--reverse", commit, "--not", remotes).split()
        if new:
            yield new, len(new)


def _script(kind: str, program: str) -> str:
    """The script; *program* is already quoted for the shell."""
    kept = kind + KEPT
    return SCRIPT.format(mark=MARK, kind=kind, program=program, kept=kept, before=BEFORE[kind], after=AFTER[kind])


def _program() -> str:
    """This getput, as a hook can start it from anywhere; where it has no script of its own, the name, to be found in PATH."""
    own = Path(sysconfig.get_path("scripts"), "getput")
    return str(own) if os.access(own, os.X_OK) else os.path.abspath(shutil.which("getput") or "getput")  # noqa: PTH100


def _git(tree: Path, *arguments: str, fails: str | None = None) -> str:
    """What git says, without its last newline; *fails* where it ends with a status that is not 0.  Raises UsageError."""
    try:
        done = subprocess.run(["git", *arguments], cwd=tree, capture_output=True, text=True, check=False)
    except OSError as error:
        raise UsageError(f"git cannot be started: {error.strerror}") from error
    if done.returncode and fails is None:
        raise UsageError(f"git: {done.stderr.strip().partition(chr(10))[0]}")
    return done.stdout.rstrip("\n") if not done.returncode else fails or ""
