"""Which kind of fix suits: read from ``rules/getput_rules/policy.toml``, as data."""

from __future__ import annotations

import functools
import tomllib
from importlib.util import find_spec
from pathlib import Path

import msgspec


class Named(msgspec.Struct, frozen=True, array_like=True):
    """A function or macro that a tree may have: its name, and the header that then names it."""

    name: str
    header: str


class Scopes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where cleanup by scope is not wanted: folders and files from the tree's root."""

    unwanted: tuple[str, ...] = ()


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The sections of the file, as its comments describe them."""

    instead: dict[str, Named]
    failed: dict[str, str]
    put: dict[str, str]
    get: dict[str, str]
    type: dict[str, str]
    inside: dict[str, dict[str, str]]
    scoped: dict[str, Named]
    scopes: Scopes

    def wants_scopes(self, path: str) -> bool:
        """Whether cleanup by scope is welcome in the file at *path*."""
        return not any(path == one or path.startswith(one + "/") for one in self.scopes.unwanted)


@functools.cache
def load() -> Policy:
    """The shipped policy.  Raises msgspec.ValidationError where it breaks its form, FileNotFoundError where it is not there."""
    spec = find_spec("getput_rules")
    folder = (spec.submodule_search_locations or [""])[0] if spec is not None else ""
    return msgspec.convert(tomllib.loads(Path(folder, "policy.toml").read_text("utf-8")), Policy)
