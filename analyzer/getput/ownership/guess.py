"""Careful guesses by name, made only where a matching put stands in evidence in the same function, before or after the patch.

Two kinds: a getter of which nothing is known, whose result is later put by a put that the tables know; and a pair of unknown
functions whose names say that they belong together (``foo_get`` and ``foo_put``).  A guess lowers the confidence.
"""

from __future__ import annotations

import re
from functools import lru_cache

from getput.ownership.contracts import ANY, POS, ZERO, Contract, Effect, Source, Target, Verb
from getput.pattern import pattern

GETTER = pattern(
    r"(?:^|_)(?:get|find|lookup|ref|hold|grab|acquire|parse|take|tryget|search|by|from)(?:_|$)|_get\w*$|^get\w+$"
)
GETS = (
    re.compile(r"^(.*?)_?(?:try_?)?get(?:_(?:unless_zero|not_zero|by_\w+|from_\w+|for_\w+))?$"),
    re.compile(r"^(.*?)_?(?:find|lookup)(?:_get|_by_\w+|_\w+)?$"),
    re.compile(r"^(.*?)_?(?:hold|grab|ref|addref|add_ref|acquire)(?:_\w+)?$"),
    re.compile(r"^(?:try_)?get_(.*)$"),
)
PUT = pattern(r"^(?:(?P<a>.+?)_(?:put|unref|deref|release|drop)(?:_(?:sync|locked|unlocked|noidle))?|put_(?P<b>.+))$")
PREFIX = "?"
BACKWARDS = pattern(r"\s*([\w.>\-\[\]]+)")  # a variable, read from its end
NEAR = 300  # characters before a call in which the variable that it is assigned to stands


@lru_cache(maxsize=4096)
def put_stem(name: str) -> str | None:
    """The stem of a name that sounds like a put (``foo`` for ``foo_put``, ``put_foo``), or None."""
    match = PUT.match(name)
    return (match["a"] or match["b"]).strip("_") if match else None


@lru_cache(maxsize=4096)
def get_stems(name: str) -> frozenset[str]:
    """The stems of a name that sounds like a get."""
    out = set()
    for known in GETS:
        match = known.match(name)
        if match and match[1].strip("_"):
            out.add(match[1].strip("_"))
    return frozenset(out)


def pairs(words: frozenset[str]) -> frozenset[str]:
    """The counters ``?stem`` that *words*, of which nothing is known, suggest: a get and a put of one stem."""
    puts = {stem for word in words if (stem := put_stem(word))}
    if not puts:
        return frozenset()
    gets = {stem for word in words for stem in get_stems(word)}
    return frozenset(PREFIX + stem for stem in puts & gets)


def pair_contract(name: str, counter: str, text: str) -> Contract | None:
    """What a member of the pair of *counter* does, by its use in *text* (the function, both images)."""
    stem = counter.removeprefix(PREFIX)
    if put_stem(name) == stem:
        return Contract(
            name, (Effect(Verb.DROP, Target(0), counter, null_safe=True),), Source.GUESS, proof="by its name"
        )
    if stem not in get_stems(name):
        return None
    put_args = {arg for word in put_names(text, stem) for arg in first_arguments(text, word)}
    if not put_args:
        return None
    if put_args & assigned_from(text, name):
        return Contract(name, (Effect(Verb.TAKE, Target(-1), counter, POS),), Source.GUESS, proof="by its name")
    if put_args & first_arguments(text, name):
        return Contract(
            name, (Effect(Verb.TAKE, Target(0), counter, taken_when(name, text)),), Source.GUESS, proof="by its name"
        )
    return None


def taken_when(name: str, text: str) -> int:
    """The results with which a get by argument took, by how *text* asks for them: ``if (get(x)) return`` leaves where it failed."""
    if re.search(
        rf"\bif\s*\(\s*{name}\s*\([^;{{}}]*\)\s*\)\s*(?:\{{[^{{}}]*)?\b(?:return|goto|continue|break)\b", text
    ):
        return ZERO
    return POS if re.search(rf"(?:if|while)\s*\(.*!?\s*\b{name}\s*\(", text) else ANY


def result_contract(name: str, family: str, puts: frozenset[str], text: str) -> Contract | None:
    """A getter of which nothing is known returns a counted reference if *text* puts what it returned."""
    if not GETTER.search(name):
        return None
    variables = assigned_from(text, name)
    if not variables:
        return None
    for put in sorted(puts):
        if put in text and variables & first_arguments(text, put):
            return Contract(
                name,
                (Effect(Verb.TAKE, Target(-1), family, POS),),
                Source.GUESS,
                proof=f"its result is given to {put}()",
            )
    return None


def put_names(text: str, stem: str) -> list[str]:
    """The names in *text* that put *stem*."""
    return sorted({word for word in re.findall(r"\b\w+(?=\()", text) if put_stem(word) == stem})


def first_arguments(text: str, name: str) -> set[str]:
    """The texts of the first arguments of the calls of *name*, ``&`` and an embedded device taken away."""
    return {
        arg.removeprefix("&").removesuffix("->dev").removesuffix(".dev")
        for arg in re.findall(rf"\b{name}\s*\(\s*(&?[\w.>\-\[\]]+?)\s*[,)]", text)
    }


def assigned_from(text: str, name: str) -> set[str]:
    """The variables that a call of *name* is assigned to, with or without a cast."""
    found = set()
    for call in re.finditer(rf"{name}\s*\(", text):
        head = text[max(0, call.start() - NEAR) : call.start()].rstrip()
        if head.endswith(")"):
            head = head[: max(head.rfind("("), 0)].rstrip()
        if head.endswith("="):
            variable = BACKWARDS.match(head[-2::-1])
            if variable is not None:
                found.add(variable[1][::-1])
    return found
