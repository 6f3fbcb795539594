"""The policy of fixes names nothing that the tables do not know."""

from __future__ import annotations

import pytest

from getput.ownership import apis
from getput.verdict import policy

TABLES = apis.load()
POLICY = policy.load()


@pytest.mark.parametrize("names", [POLICY.put, POLICY.failed, {get: one.name for get, one in POLICY.instead.items()}])
def test_functions_are_known(names) -> None:
    """Gets and what undoes or replaces them."""
    assert {*names, *names.values()} <= TABLES.contracts.keys()


def test_families_are_known() -> None:
    """Of gets, types and members."""
    assert {*POLICY.get, *POLICY.type, *POLICY.inside} <= TABLES.families.keys()
    assert set(POLICY.get.values()) <= TABLES.contracts.keys()


def test_scoped_iterators_are_scoped() -> None:
    """And those that they stand in for count, and are not."""
    for name, instead in POLICY.scoped.items():
        assert TABLES.iterators[name].counted
        assert not TABLES.iterators[name].scoped
        assert TABLES.iterators[instead.name].scoped


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("drivers/net/acme.c", False),
        ("net/acme/acme.c", False),
        ("drivers/nettle/acme.c", True),
        ("drivers/of/base.c", True),
    ],
)
def test_where_scopes_are_wanted(path, wanted) -> None:
    """By whole names of folders."""
    assert POLICY.wants_scopes(path) is wanted
