"""Patterns that are compiled when they are first asked."""

from __future__ import annotations

import re

import pytest

from getput.pattern import pattern


def test_nothing_is_compiled_before_it_is_asked(monkeypatch):
    made = []
    compiled = re.compile
    monkeypatch.setattr(re, "compile", lambda *args: made.append(args) or compiled(*args))
    put = pattern(r"_put\Z", re.IGNORECASE)
    assert made == []
    assert put.search("OF_NODE_PUT")
    assert not put.match("of_node_put")
    assert made == [(r"_put\Z", re.IGNORECASE)]


@pytest.mark.parametrize(("text", "where"), [("a+", "baac"), (b"a+", b"baac")])
def test_it_answers_as_a_compiled_one(text, where):
    later, now = pattern(text), re.compile(text)
    assert later.findall(where) == now.findall(where)
    assert [match.span() for match in later.finditer(where)] == [match.span() for match in now.finditer(where)]
    assert (later.pattern, later.groups) == (now.pattern, now.groups)
    assert later.sub(where[:1], where) == now.sub(where[:1], where)


def test_a_broken_one_says_so_when_it_is_asked():
    with pytest.raises(re.error):
        pattern("(").search("x")
