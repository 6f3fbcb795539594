"""The command line: one module a command, and no logic in them."""

INTERRUPTED = 130  # what a shell reports of a command that SIGINT ended


class UsageError(Exception):
    """What the user asked for cannot be done: the message says why, the exit status is 2."""


class OutputClosedError(Exception):
    """Whoever read standard output has left: there is nobody to write to."""
