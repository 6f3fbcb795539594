"""Fixtures of the command line's tests, for what is built around the command."""

from __future__ import annotations

from tests.cli.conftest import clean, getput, kernel, leaking, mending

__all__ = ["clean", "getput", "kernel", "leaking", "mending"]
