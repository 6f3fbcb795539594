"""The scripts that complete commands, options and rules, in the shells themselves."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import time

import pytest

from getput_rules import RULES

CASES = [
    ("getput che", "check"),
    ("getput check --sta", "--staged --statistics"),
    ("getput check --fail-on w", "warning"),
    ("getput check --rule leak-on-e", "leak-on-error"),
    ("getput explain use-after", "use-after-put"),
    ("getput hook ins", "install"),
    ("getput hook install --type pre-p", "pre-push"),
    ("getput ser", "serve"),
    ("getput serve --max-m", "--max-memory"),
    ("getput serve --min-confidence me", "medium"),
    ("getput serve --tree fold", "folder"),
    ("getput aud", "audit"),
    ("getput audit --clu", "--cluster"),
    ("getput audit --format h", "html"),
    ("getput audit --no-rule leak-on-e", "leak-on-error"),
    ("getput audit --jsonl pat", "patch.mbox"),
    ("getput audit pat", "patch.mbox"),
    ("getput check --tree fold", "folder"),
    ("getput check pat", "patch.mbox"),
    ("getput apis --nothing-of-the-kind", ""),
]
BASH = """
source "$1"
COMP_WORDS=("${@:2}")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_getput
printf '%s\\n' "${COMPREPLY[@]}"
"""


def needed(shell: str) -> str:
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"{shell} is not installed")
    return path


@pytest.fixture
def script(getput, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "patch.mbox").write_text("")

    def made(shell):
        done = getput("completion", shell)
        assert (done.returncode, done.stderr) == (0, "")
        path = tmp_path / f"getput.{shell}"
        path.write_text(done.stdout)
        return path

    return made


def test_bash(script, tmp_path):
    path = script("bash")
    for line, wanted in (*CASES, ("getput check --fail-on = no", "note")):
        command = [needed("bash"), "--norc", "-c", BASH, "bash", str(path), *line.split(" ")]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        assert (done.stderr, " ".join(done.stdout.split())) == ("", wanted), line


def test_bash_knows_every_rule_and_every_option(script, getput, tmp_path):
    path = script("bash")

    def offered(*words):
        command = [needed("bash"), "--norc", "-c", BASH, "bash", str(path), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    assert offered("getput", "explain", "") == [rule.id for rule in RULES]
    for command in ("check", "audit", "serve"):
        assert set(offered("getput", command, "-")) == options(getput, command)


def options(getput, command):
    """What ``--help`` of *command* names."""
    return set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", getput(command, "--help").stdout.partition("examples:")[0]))


def test_fish_knows_every_option(script, getput, tmp_path):
    path = script("fish")
    for command in ("audit", "serve"):
        asked = [needed("fish"), "--no-config", "-c", f"source {path}; complete -C 'getput {command} --'"]
        done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=True)
        offered = {line.partition("\t")[0] for line in done.stdout.splitlines()}
        assert offered == {option for option in options(getput, command) if option.startswith("--")}


def test_fish(script, tmp_path):
    path = script("fish")
    for line, wanted in CASES:
        command = [needed("fish"), "--no-config", "-c", f"source {path}; complete -C '{line}'"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        assert done.stderr == "", line
        offered = sorted(said.partition("\t")[0].rstrip("/") for said in done.stdout.splitlines())
        assert " ".join(offered) == wanted, line


@pytest.mark.parametrize("way", ["sourced", "in fpath"])
def test_zsh(script, tmp_path, way):
    """On a terminal: what TAB makes of what was typed."""
    path = script("zsh")
    shell = [needed("zsh"), "-f", "-i"]
    load = f"autoload -Uz compinit; compinit -D; source {path}"
    if way == "in fpath":
        (tmp_path / "zfunc").mkdir()
        path.rename(tmp_path / "zfunc" / "_getput")
        load = f"fpath=({tmp_path}/zfunc $fpath); autoload -Uz compinit; compinit -u -D"
    ours, theirs = pty.openpty()
    env = {**os.environ, "TERM": "dumb", "HOME": str(tmp_path), "ZDOTDIR": str(tmp_path)}
    with subprocess.Popen(shell, stdin=theirs, stdout=theirs, stderr=theirs, cwd=tmp_path, env=env) as zsh:
        os.close(theirs)
        try:
            begin = f'PS1=; unsetopt zle_bracketed_paste; {load}; getput() {{ echo "[$@]"; }}; echo rea""dy\n'
            assert "error" not in asked(ours, begin, "ready")
            for line, wanted in CASES:
                if not wanted or " " in wanted:
                    continue
                said = asked(ours, f"{line}\t\n", "]\r\n")
                assert f"{wanted}]" in said.replace("/]", "]"), (line, said)
        finally:
            zsh.kill()
            os.close(ours)


def asked(terminal: int, text: str, until: str) -> str:
    """What the terminal shows after *text* was typed, up to *until*."""
    os.write(terminal, text.encode())
    said, end = "", time.monotonic() + 30
    while until not in said:
        assert time.monotonic() < end, said
        if select.select([terminal], [], [], 1)[0]:
            said += os.read(terminal, 65536).decode(errors="replace")
    return said
