"""``python -m getput``."""

from getput.cli.main import entry

entry()
