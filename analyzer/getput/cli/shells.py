"""Completion for shells: what the parser of the command line knows, as a script of each."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from getput.cli.parser import actions, commands

# What stands for an operand or a value in help tells what can be completed there.
KINDS = {
    "FILE": "file", "INPUT": "file", "PATH": "file", "ANSWER": "file", "DIR": "folder", "ID": "rule", "RULE": "rule",
}  # fmt: skip


class Option(NamedTuple):
    """An option: its spellings, what it is for, whether it takes a value, and then which of some *words*, or what *kind* of thing."""

    flags: tuple[str, ...]
    help: str
    takes: bool
    words: tuple[str, ...] = ()
    kind: str = ""


class Command(NamedTuple):
    """A command as the words that lead to it, with the commands below it; operands are like the value of an option."""

    path: tuple[str, ...]
    help: str
    options: tuple[Option, ...]
    operands: tuple[Option, ...]
    below: tuple[Command, ...]


def described(
    parser: argparse.ArgumentParser, rules: Sequence[str], path: tuple[str, ...] = ("getput",), about: str = ""
) -> Command:
    """What *parser* knows; *rules* are the ids of the rules."""
    options: list[Option] = []
    operands: list[Option] = []
    helps: dict[str, str] = {}
    for action in actions(parser):
        if isinstance(action, argparse._SubParsersAction):
            helps = {one.dest: one.help or "" for one in action._choices_actions}
            continue
        takes = action.nargs != 0
        words = tuple(str(one) for one in action.choices or ())
        kind = KINDS.get(str(action.metavar or ""), "")
        if kind == "rule":
            words, kind = tuple(rules), ""
        option = Option(tuple(action.option_strings), _brief(action.help or ""), takes, words, kind if takes else "")
        (options if action.option_strings else operands).append(option)
    below = [described(one, rules, (*path, name), helps.get(name, "")) for name, one in commands(parser).items()]
    return Command(path, _brief(about), tuple(options), tuple(operands), tuple(below))


def _brief(text: str) -> str:
    """The beginning of a help text, on one line, without what zsh would take for more than text."""
    first = re.split(r"[;(:]", " ".join(text.split()), maxsplit=1)[0].strip()
    return re.sub(r"[^\w .,/'-]", "", first)


def every(command: Command) -> Iterator[Command]:
    """*command* and all below it."""
    yield command
    for one in command.below:
        yield from every(one)


# --- bash --------------------------------------------------------------------------------------------------------------

BASH = """\
# Completion of getput for bash; made by `getput completion bash`.
_getput() {{
	local cur=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} at=getput words='' kind='' i
	local IFS=$'\\n'
	COMPREPLY=()
	if [[ $cur == = ]]; then
		cur=''
	elif [[ $before == = ]]; then
		before=${{COMP_WORDS[COMP_CWORD-2]}}
	fi
	for ((i = 1; i < COMP_CWORD; i++)); do
		case "$at/${{COMP_WORDS[i]}}" in
{paths}
		esac
	done
	case "$at $before" in
{values}
	*)
		case "$at" in
{commands}
		esac
	esac
	if [[ -n $words ]]; then
		COMPREPLY=($(compgen -W "${{words// /$'\\n'}}" -- "$cur"))
	fi
	case $kind in
	file) compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -f -- "$cur")) ;;
	folder) compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -d -- "$cur")) ;;
	esac
}}
complete -F _getput getput
"""


def bash(top: Command) -> str:
    """A script to source in bash."""
    paths, values, words = [], [], []
    for command in every(top):
        at = "/".join(command.path)
        if len(command.path) > 1:
            paths.append(f'\t\t"{at}") at={at} ;;')
        for option in command.options:
            if option.takes:
                cases = " | ".join(f'"{at} {flag}"' for flag in option.flags)
                values.append(
                    f"\t{cases}) words={shlex.quote(' '.join(option.words))} kind={option.kind or chr(39) * 2} ;;"
                )
        offered = [one.path[-1] for one in command.below]
        offered += [word for operand in command.operands for word in operand.words]
        flags = [flag for option in command.options for flag in option.flags]
        kind = next((operand.kind for operand in command.operands if operand.kind), "")
        words.append(
            f"\t\t{at})\n\t\t\tif [[ $cur == -* ]]; then words={shlex.quote(' '.join(flags))}; "
            f"else words={shlex.quote(' '.join(offered))} kind={kind or chr(39) * 2}; fi ;;"
        )
    return BASH.format(paths="\n".join(paths), values="\n".join(values), commands="\n".join(words))


# --- zsh ---------------------------------------------------------------------------------------------------------------

ZSH_KINDS = {"file": "_files", "folder": "_files -/"}


def zsh(top: Command) -> str:
    """A script for a folder of zsh's ``fpath``, as ``_getput``, or to source."""
    lines = ["#compdef getput", "# Completion of getput for zsh; made by `getput completion zsh`."]
    for command in every(top):
        lines += [f"{_function(command)}() {{", *_zsh_body(command), "}"]
    # Found in fpath, the file is the function's body at the first call; sourced, it has to tell zsh what it is for.
    lines += ['if [[ $funcstack[1] == _getput ]]; then _getput "$@"; else compdef _getput getput; fi']
    return "\n".join(lines) + "\n"


def _function(command: Command) -> str:
    return "_" + "_".join(part.replace("-", "_") for part in command.path)


def _zsh_body(command: Command) -> Iterator[str]:
    specs = [_zsh_option(option, flag) for option in command.options for flag in option.flags]
    if not command.below:
        *first, last = [_zsh_value(operand) for operand in command.operands] or [""]
        specs += [f"{number}:{value}" for number, value in enumerate(first, 1)]
        specs += [f"*:{last}"] * bool(last)
        yield "\t_arguments " + " \\\n\t\t".join(map(shlex.quote, specs))
        return
    specs += ["1: :->command", "*:: :->rest"]
    yield "\tlocal curcontext=$curcontext state line"
    yield "\t_arguments -C " + " \\\n\t\t".join(map(shlex.quote, specs))
    yield "\tcase $state in"
    names = " ".join(shlex.quote(f"{one.path[-1]}:{one.help}") for one in command.below)
    yield f"\tcommand) local -a known=({names}); _describe command known ;;"
    yield "\trest)"
    yield "\t\tcase $line[1] in"
    for one in command.below:
        yield f"\t\t{one.path[-1]}) {_function(one)} ;;"
    yield "\t\tesac ;;"
    yield "\tesac"


def _zsh_option(option: Option, flag: str) -> str:
    """What ``_arguments`` reads of one spelling of an option."""
    if not option.takes:
        return f"*{flag}[{option.help}]"
    return f"*{flag}{'=' if flag.startswith('--') else ''}[{option.help}]:{_zsh_value(option)}"


def _zsh_value(option: Option) -> str:
    if option.words:
        return f"value:({' '.join(option.words)})"
    return f"value:{ZSH_KINDS.get(option.kind, ' ')}"


# --- fish --------------------------------------------------------------------------------------------------------------

FISH_KINDS = {"file": "-r -F", "folder": "-x -a '(__fish_complete_directories)'"}


def fish(top: Command) -> str:
    """A script for fish's folder ``completions``, as ``getput.fish``, or to source."""
    lines = ["# Completion of getput for fish; made by `getput completion fish`.", "complete -c getput -f"]
    for command in every(top):
        here = _fish_condition(command)
        for one in command.below:
            lines.append(f"complete -c getput {here} -a {one.path[-1]} -d {shlex.quote(one.help)}")
        for operand in command.operands:
            if operand.words:
                lines.append(f"complete -c getput {here} -a {shlex.quote(' '.join(operand.words))}")
            elif operand.kind:
                lines.append(f"complete -c getput {here} -F")
        for option in command.options:
            flags = " ".join(f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.flags)
            value = (
                f"-x -a {shlex.quote(' '.join(option.words))}" if option.words else FISH_KINDS.get(option.kind, "-x")
            )
            lines.append(
                f"complete -c getput {here} {flags} {value if option.takes else ''} -d {shlex.quote(option.help)}"
            )
    return "\n".join(lines) + "\n"


def _fish_condition(command: Command) -> str:
    """Where the words so far lead to *command*, and to none below it."""
    parts = [f"__fish_seen_subcommand_from {name}" for name in command.path[1:]]
    if command.below:
        parts.append("not __fish_seen_subcommand_from " + " ".join(one.path[-1] for one in command.below))
    return f"-n {shlex.quote('; and '.join(parts))}" if parts else ""


SHELLS: dict[str, Callable[[Command], str]] = {"bash": bash, "zsh": zsh, "fish": fish}
