"""``getput completion``: what a shell needs to complete commands, options and rules."""

from __future__ import annotations

import argparse

from getput.cli.catalogue import catalogue
from getput.cli.output import answer
from getput.cli.shells import SHELLS, described

EPILOG = """\
examples:
  source <(getput completion bash)                                       for this shell
  getput completion bash > ~/.local/share/bash-completion/completions/getput
  getput completion zsh > ~/.zfunc/_getput                               with ~/.zfunc in fpath, before compinit
  getput completion fish > ~/.config/fish/completions/getput.fish
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``completion``."""
    parser.epilog = EPILOG
    parser.add_argument("shell", choices=list(SHELLS), help="for which shell")


def run(args: argparse.Namespace) -> int:
    """Print the script; 0."""
    from getput.cli.main import COMMANDS, parser_of

    top = described(parser_of(list(COMMANDS)), [rule.id for rule in catalogue()])
    answer([SHELLS[args.shell](top)])
    return 0
