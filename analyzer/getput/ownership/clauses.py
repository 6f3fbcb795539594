"""The grammar of the API tables: what the clauses of an entry say.

Clauses are separated by ``;``.  Those of an API:

* an effect, ``VERB TARGET [null-safe] [last] [of FAMILY] [if CONDITION]``.  VERB is one of
  :class:`~getput.ownership.contracts.Verb`; TARGET is ``result``, ``arg0``, ``*arg0`` (what it points to),
  ``arg0->np``, ``*arg0->np``; CONDITION is ``result``, ``not result``, or ``result`` compared with 0.  ``take result``
  happens when the result is valid, everything else without a condition always; ``last`` says that a true result means
  that the last reference went;
* ``fails WHAT``: what comes back when it fails, one of ``NULL``, ``ERR_PTR``, ``NULL or ERR_PTR``, ``negative``,
  ``zero-or-negative``, ``false``, ``never``; ``success zero-or-positive`` where a function that fails with a negative
  number does not succeed with 0 alone;
* ``owns dev.of_node of FAMILY``: what stands in that member of the result is dropped with it;
* ``returns arg0``, ``inside arg0`` (what comes back is a part of that argument's memory), ``release arg1`` (the function called at
  zero, or when the undoing is done), ``looks like get``, ``no return``, and ``no effect`` where one would expect one;
* ``of FAMILY``: the family of the entry.

An iterator is ``CURSOR [counted [scoped]]`` with the cursor's TARGET, a cleanup class ``VERB; ignores WHAT``, a sink
the targets that it keeps and perhaps ``if CONDITION``, a family ``NOUN; counter FAMILY; outlives; put FUNCTION...; member NAME...; proven``.

Every function here raises ValueError where the text breaks the grammar, and says how.
"""

from __future__ import annotations

import functools

import msgspec

from getput.ownership.contracts import (
    ANY,
    NEG,
    POS,
    ZERO,
    Cleanup,
    Contract,
    Effect,
    Family,
    Iterator,
    Source,
    Target,
    Verb,
)
from getput.pattern import pattern
from getput.spelling import meant

ANY_FAMILY = "*"  # of sinks and devm actions: they keep whatever they are given

FAILS = {
    "NULL": ZERO | POS,
    "ERR_PTR": NEG | POS,
    "NULL or ERR_PTR": ANY,
    "negative": NEG | ZERO,
    "zero-or-negative": ANY,
    "false": ZERO | POS,
    "never": POS,
}
SUCCESS = {"zero": NEG | ZERO, "positive": NEG | POS, "zero-or-positive": ANY}
CONDITIONS = {
    "result": POS,
    "not result": ZERO,
    "result > 0": POS,
    "result >= 0": ZERO | POS,
    "result == 0": ZERO,
    "result < 0": NEG,
    "result <= 0": ZERO | NEG,
}
IGNORES = {"nothing": 0, "NULL": ZERO, "ERR_PTR": NEG, "NULL or ERR_PTR": ZERO | NEG}

CLAUSES = ("fails", "success", "returns", "inside", "release", "owns", "looks like", "no effect", "no return", "of")

EFFECT = pattern(
    r"(?P<verb>[a-z]+) (?P<target>result|\*?arg\d(?:->\w+)*)(?P<null> null-safe)?(?P<last> last)?"
    r"(?: of (?P<family>\w+|\*))?(?: if (?P<when>.+))?"
)
OWNED = pattern(r"(?P<members>\w+(?:\.\w+)*) of (?P<family>\w+)")
TARGET = pattern(r"(?P<star>\*?)arg(?P<arg>\d)(?P<fields>(?:->\w+)*)")


class Meaning(msgspec.Struct, frozen=True):
    """What the clauses of an API say: a contract without the name and the proof, and the family of the entry."""

    family: str
    effects: tuple[Effect, ...]
    results: int
    noreturn: bool = False
    looks_like: str = ""
    returns_arg: int = -1
    release_arg: int = -1
    inside: int = -1
    owns: tuple[tuple[tuple[str, ...], str], ...] = ()

    def of(self, name: str, proof: str) -> Contract:
        """The contract of *name*."""
        return Contract(
            name,
            self.effects,
            Source.TABLE,
            self.results,
            self.noreturn,
            proof,
            self.looks_like,
            self.returns_arg,
            self.release_arg,
            self.owns,
            self.inside,
        )


def api(text: str, family: str) -> Meaning:
    """What the clauses of an API say; *family* is that of the table."""
    head, mark, own = text.rpartition("; of ")
    if mark and ";" not in own:
        text, family = head, own  # what is left stands in many entries, whatever their family
    said = bare(text)
    family = said.family or family
    if mark and said.family:
        raise ValueError("'of' stands twice, or says nothing")
    effects = tuple([effect if effect.family else of_family(effect, family) for effect in said.effects])
    return msgspec.structs.replace(said, family=family, effects=effects)


@functools.cache
def bare(text: str) -> Meaning:
    """What the clauses of an API say; its family and those of its effects are "" where they name none."""
    fails = success = looks_like = family = ""
    returns = release = inside = -1
    noreturn = nothing = False
    effects: list[Effect] = []
    owns: list[tuple[tuple[str, ...], str]] = []
    for clause in split(text):
        word, _, rest = clause.partition(" ")
        if word == "fails":
            fails = once(fails, rest, word)
        elif word == "of":
            family = once(family, rest, word)
        elif word == "success":
            success = once(success, rest, word)
        elif word == "returns":
            returns = argument(rest)
        elif word == "inside":
            inside = argument(rest)
        elif word == "release":
            release = argument(rest)
        elif word == "owns":
            owns.append(owned(rest))
        elif clause in ("looks like get", "looks like put"):
            looks_like = rest.removeprefix("like ")
        elif clause == "no return":
            noreturn = True
        elif clause == "no effect":
            nothing = True
        else:
            effects.append(effect_of(clause))
    results = results_of(fails, success)
    for effect in effects:
        if effect.last:
            results &= ZERO | POS
        if effect.target.arg < 0 and effect.verb is Verb.TAKE and not fails:
            raise ValueError("'take result' needs a 'fails' clause")
        if not effect.when & results:
            raise ValueError("the condition of an effect contradicts what the function returns")
    if not effects and not (looks_like or noreturn or nothing or inside >= 0):
        raise ValueError("says nothing: name an effect, or 'no effect'")
    if effects and nothing:
        raise ValueError("'no effect' stands beside an effect")
    return Meaning(family, tuple(effects), results, noreturn, looks_like, returns, release, inside, tuple(owns))


def owned(text: str) -> tuple[tuple[str, ...], str]:
    """The member in ``dev.of_node of FAMILY``, and the family."""
    match = OWNED.fullmatch(text)
    if match is None:
        raise ValueError(f"'owns' goes like 'owns dev.of_node of FAMILY', not {text!r}")
    return tuple(match["members"].split(".")), match["family"]


@functools.cache
def of_family(effect: Effect, family: str) -> Effect:
    """*effect* on a count of *family*."""
    return Effect(effect.verb, effect.target, family, effect.when, effect.null_safe, effect.last)


@functools.cache
def sink(text: str, _family: str) -> Meaning:
    """What the clauses of a function say that stores its arguments: it keeps what it is given, of whatever family."""
    targets, *conditions = split(text)
    if len(conditions) > 1:
        raise ValueError(f"unknown clause {conditions[1]!r}")
    when = "".join(f" {condition}" for condition in conditions)
    effects = tuple([of_family(effect_of(f"keep {target}{when}"), ANY_FAMILY) for target in targets.split()])
    return Meaning(ANY_FAMILY, effects, ANY)


def iterator(name: str, text: str, family: str, proof: str) -> Iterator:
    """The iterator that the clauses *text* describe."""
    head, *clauses = split(text)
    cursor, *words = head.split()
    for clause in clauses:
        word, _, rest = clause.partition(" ")
        if word != "of":
            raise ValueError(f"unknown clause {clause!r}")
        family = rest
    if words not in ([], ["counted"], ["counted", "scoped"]):
        raise ValueError(f"unknown words {' '.join(words)!r}: an iterator is 'counted', 'counted scoped', or neither")
    target = target_of(cursor)
    if target.arg < 0:
        raise ValueError("the cursor of an iterator is an argument")
    return Iterator(name, target.arg, family, "counted" in words, "scoped" in words, proof, target.path)


def cleanup(name: str, text: str, family: str, proof: str) -> Cleanup:
    """The cleanup class that the clauses *text* describe."""
    verb, *clauses = split(text)
    ignores = ""
    for clause in clauses:
        word, _, rest = clause.partition(" ")
        if word == "of":
            family = rest
        elif word == "ignores":
            ignores = once(ignores, rest, word)
        else:
            raise ValueError(f"unknown clause {clause!r}")
    if ignores not in IGNORES:
        raise ValueError(f"'ignores' is one of {', '.join(IGNORES)}")
    return Cleanup(name, family, verb_of(verb), IGNORES[ignores], proof)


def counted(name: str, text: str) -> Family:
    """The family that the clauses *text* describe: its noun, the ``counter`` it shares, the usual ``put`` functions."""
    noun, *clauses = split(text)
    counter = puts = members = ""
    outlives = proven = False
    for clause in clauses:
        word, _, rest = clause.partition(" ")
        if word == "counter":
            counter = once(counter, rest, word)
        elif word == "put":
            puts = once(puts, rest, word)
        elif word == "member":
            members = once(members, rest, word)
        elif clause == "outlives":
            outlives = True
        elif clause == "proven":
            proven = True
        else:
            raise ValueError(f"unknown clause {clause!r}")
    return Family(name, counter or name, noun, tuple(puts.split()), outlives, tuple(members.split()), proven)


def split(text: str) -> list[str]:
    """The clauses of *text*."""
    return [clause.strip() for clause in text.split(";")]


def once(before: str, value: str, word: str) -> str:
    """*value*, if the clause did not stand before."""
    if before or not value:
        raise ValueError(f"'{word}' stands twice, or says nothing")
    return value


def results_of(fails: str, success: str) -> int:
    """The set of results that a function can have."""
    if fails and fails not in FAILS:
        raise ValueError(f"'fails' is one of {', '.join(FAILS)}, not {fails!r}{meant(fails, FAILS)}")
    if not success:
        return FAILS.get(fails, ANY)
    if fails != "negative" or success not in SUCCESS:
        raise ValueError("'success zero', 'positive' or 'zero-or-positive' goes with 'fails negative'")
    return SUCCESS[success]


@functools.cache
def effect_of(clause: str) -> Effect:
    """The effect that *clause* names, of the family it names, or of "" if it names none."""
    match = EFFECT.fullmatch(clause)
    if match is None:
        raise ValueError(f"unknown clause {clause!r}{of_clause(clause)}")
    verb, target, when = verb_of(match["verb"]), target_of(match["target"]), match["when"]
    if when is not None and when not in CONDITIONS:
        raise ValueError(f"unknown condition {when!r}: one of {', '.join(CONDITIONS)}{meant(when, CONDITIONS)}")
    if match["last"] and verb is not Verb.DROP:
        raise ValueError("'last' goes with 'drop'")
    bits = CONDITIONS[when] if when else POS if verb is Verb.TAKE and target.arg < 0 else ANY
    return Effect(verb, target, match["family"] or "", bits, bool(match["null"]), bool(match["last"]))


def of_clause(clause: str) -> str:
    """What may have been meant by a *clause* that is none."""
    word = clause.partition(" ")[0]
    if word in set(Verb):
        return ": an effect goes like 'drop *arg0->member null-safe of FAMILY if result == 0'"
    words = [*Verb, *CLAUSES]
    return meant(word, words, f"a clause begins with one of {', '.join(words)}")


def verb_of(word: str) -> Verb:
    """The verb that *word* names."""
    try:
        return Verb(word)
    except ValueError:
        raise ValueError(f"unknown verb {word!r}: one of {', '.join(Verb)}{meant(word, Verb)}") from None


def target_of(text: str) -> Target:
    """The object that *text* names: ``result``, ``arg0``, ``*arg0``, ``arg0->np``."""
    if text == "result":
        return Target(-1)
    match = TARGET.fullmatch(text)
    if match is None:
        raise ValueError(f"unknown target {text!r}: one of result, arg0, *arg0, arg0->member")
    fields = tuple([f"->{field}" for field in match["fields"].split("->")[1:]])
    return Target(int(match["arg"]), ("*", *fields) if match["star"] else fields)


def argument(text: str) -> int:
    """The index in ``arg0``."""
    target = target_of(text)
    if target.arg < 0 or target.path:
        raise ValueError(f"not an argument: {text!r}")
    return target.arg
