"""The parser of the command line: argparse, with help that a person reads, and complaints that say what may have been meant."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from typing import NoReturn

CHOICE = r"invalid choice: '?([^' ]*)'? \(choose from (.*)\)"  # compiled when somebody chose so
USAGE = 2


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line."""

    def __init__(self, *args: object, **more: object) -> None:
        more.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        more.setdefault("allow_abbrev", False)
        super().__init__(*args, **more)  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and what may have been meant; exit status 2."""
        choice = re.search(CHOICE, message)
        if choice is not None:
            message += _meant(choice[1], re.findall(r"[\w.-]+", choice[2]))
        self.exit(USAGE, f"{self.prog}: error: {message} (`{self.prog} --help` says more)\n")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """End; what a closed standard error does not take is lost."""
        if message and sys.stderr is not None:
            self._print_message(message, sys.stderr)
        raise SystemExit(status)

    def parse_all(self, words: Sequence[str]) -> argparse.Namespace:
        """The options and operands in *words*; one that is not known is an error, with what may have been meant."""
        args, unknown = self.parse_known_args(words)
        if unknown:
            known = [flag for parser in self.chosen(words) for flag in flags(parser)]
            hints = [_meant(word.partition("=")[0], known) for word in unknown if word.startswith("-")]
            said = " ".join(unknown) + "".join(dict.fromkeys(hint for hint in hints if hint))
            list(self.chosen(words))[-1].error(f"unrecognized arguments: {said}")
        return args

    def chosen(self, words: Sequence[str]) -> Iterator[Parser]:
        """This parser, and those of the commands that *words* name."""
        yield self
        below = commands(self)
        name = next((word for word in words if word in below), None)
        if name is not None:
            yield from below[name].chosen(words[words.index(name) + 1 :])


def flags(parser: argparse.ArgumentParser) -> list[str]:
    """The options of *parser*, as they are written."""
    return [flag for action in actions(parser) for flag in action.option_strings]


def actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Everything that *parser* knows; argparse has no public way to ask for it."""
    return list(parser._actions)


def commands(parser: argparse.ArgumentParser) -> dict[str, Parser]:
    """The parsers of the commands of *parser*."""
    return {
        name: one
        for action in actions(parser)
        if isinstance(action, argparse._SubParsersAction)
        for name, one in action.choices.items()
    }


def _meant(word: str, known: Sequence[str]) -> str:
    from getput.spelling import meant

    return meant(word, known)
