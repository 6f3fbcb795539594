"""Functions whose contract a patch changes, and the callers that the series leaves with the old one.

A caller is judged twice, with what its callee did before the patch and with what it does after the series: what is wrong the second time only is what
the change does to it.  Callers that a patch touches itself are judged as any touched function is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from getput.csource.syntax import FunctionSource
from getput.model import Confidence
from getput.ownership.contracts import Contract, Target, Verb
from getput.ownership.unit import NOTHING, Unit
from getput.ownership.view import Accepted, Behind, Changed, Place
from getput.patch.images import UnreadableError
from getput.verdict.around import Around
from getput.verdict.compare import compare
from getput.verdict.place import Judged, text_at

if TYPE_CHECKING:
    from getput.patch.images import Tree
    from getput.patch.series import Submission
    from getput.verdict.judge import Judge

TOLD = frozenset({Verb.TAKE, Verb.DROP, Verb.INIT})  # what a caller must know of
MAX_FILES = 60  # in which callers of one function are looked for
MAX_CHAIN = 3  # functions that only pass the change on
Mentioning = Callable[[str], Iterable[str]]  # the files of the tree that may call a function, sorted


class Suspect(msgspec.Struct, frozen=True):
    """A function of a file that moves ``counter`` otherwise than before the patch; ``at`` is the offset of its name there, ``before`` in
    the other image."""

    path: str
    name: str
    counter: str
    was: Contract
    now: Contract
    at: int
    before: int
    static: bool

    def reverted(self) -> Suspect:
        """The same of the patch that takes this one back."""
        return Suspect(self.path, self.name, self.counter, self.now, self.was, self.before, self.at, self.static)


def suspects(before: Unit | None, after: Unit | None, touched: Iterable[FunctionSource]) -> Iterator[Suspect]:
    """Those of the *touched* functions, which stand in both images of one file, whose contract the patch changes."""
    if before is None or after is None or before.path != after.path:
        return
    for source in touched:
        known = before.by_name.get(source.name)
        function = None if known is None else after.function(source)
        if known is None or function is None or known.start >= before.written:
            continue
        for counter in sorted((before.counters(known) | after.counters(source)) - {NOTHING}):
            if counter.startswith("?") or not (before.touches(known, counter) or after.touches(source, counter)):
                continue
            was, now = before.contract(source.name, counter, 0), after.contract(source.name, counter, 0)
            if was is not None and now is not None and differ(was, now):
                at = after.text.find(source.name.encode(), source.start)
                there = before.text.find(source.name.encode(), known.start)
                yield Suspect(after.path, source.name, counter, was, now, at, there, function.static)


def differ(was: Contract, now: Contract) -> bool:
    """Whether two contracts ask something else of a caller, as far as both are known."""
    if any(one.verb is Verb.UNSURE for one in (*was.effects, *now.effects)):
        return False
    return asked(was) != asked(now)


def asked(contract: Contract) -> frozenset[tuple[Verb, Target, int, int]]:
    """What matters to a caller."""
    possible = contract.results
    return frozenset(
        (one.verb, one.target, one.times, one.when & possible) for one in contract.effects if one.verb in TOLD
    )


class World:
    """A tree in which some files have other texts: *texts* by path."""

    def __init__(self, judge: Judge, tree: Tree, texts: Mapping[str, bytes | None]) -> None:
        self.judge = judge
        self.tree = tree
        self.texts = texts
        self.series = {path: judge.unit(text, path, guesses=False) for path, text in texts.items() if text is not None}
        self.units: dict[str, Unit | None] = dict(self.series)
        for path, unit in self.series.items():
            unit.elsewhere = Around(path, self.series, judge.names)
        for unit in self.series.values():
            unit.expand()

    def unit(self, path: str) -> Unit | None:
        """The file at *path*; None where there is none, or it cannot be read."""
        if path in self.texts and self.texts[path] is None:
            return None
        if path not in self.units:
            try:
                text = self.tree.text(path)
            except UnreadableError:
                text = None
            around = Around(path, self.series, self.judge.names)
            self.units[path] = None if text is None else self.judge.unit(text.data, path, around, guesses=False)
        return self.units[path]


class Worlds:
    """The tree as a series finds it at each of its patches, and as it leaves it."""

    def __init__(self, judge: Judge, submission: Submission, tree: Tree) -> None:
        self.judge = judge
        self.tree = tree
        self.patches = submission.patches
        self.known: dict[int, World] = {}

    def at(self, index: int) -> World:
        """Before the patch *index*; of an index that is none, after the last."""
        if index not in self.known:
            self.known[index] = World(self.judge, self.tree, self.texts(index))
        return self.known[index]

    def texts(self, index: int) -> dict[str, bytes | None]:
        """The files of the series there; None where one does not exist."""
        out: dict[str, bytes | None] = {}
        for number, patch in enumerate(self.patches):
            for images in patch.files:
                if images.status != "ready" or not images.whole:
                    continue
                old, new = images.old_path or images.path, images.path
                if number < index:
                    if old != new:
                        out[old] = None
                    out[new] = images.after
                else:
                    out.setdefault(old, images.before)
        return out


class Left:
    """Looks for the callers that are left behind; *mentioning* names files that may call a function."""

    def __init__(self, judge: Judge, mentioning: Mentioning) -> None:
        self.judge = judge
        self.mentioning = mentioning

    def changed(self, one: Suspect, old: World, new: World, touched: frozenset[tuple[str, str]]) -> Changed | None:
        """What *one* leaves behind between two worlds, where it does; *touched* are (file, name) of the functions of its patch."""
        unit = new.unit(one.path)
        if unit is None or one.name not in unit.by_name:
            return None
        now = unit.contract(one.name, one.counter, 0)
        if now is None or not differ(one.was, now):
            return None  # a later patch takes it back
        behind: list[Behind] = []
        adapted = 0
        waiting = [(one.path, one.name, one.static)]
        seen = {(one.path, one.name)}
        for _ in range(MAX_CHAIN):
            passed_on = []
            for path, name, static in waiting:
                for where in self.files(path, name, static, new):
                    before, after = old.unit(where), new.unit(where)
                    if before is None or after is None:
                        continue
                    for source in callers(after, name):
                        key = (where, source.name)
                        known = before.by_name.get(source.name)
                        if key in seen or known is None:
                            continue
                        seen.add(key)
                        if key in touched:
                            adapted += 1
                            continue
                        wrong = self.wrong(before, known, after, source, one.counter)
                        if wrong is not None:
                            behind.append(said(after, source, name, wrong))
                        elif moved(before, after, source.name, one.counter):
                            function = after.function(source)
                            passed_on.append((where, source.name, function is None or function.static))
            waiting = passed_on
        if not behind:
            return None
        behind.sort(key=lambda each: (each.place.path, each.place.line))
        says = tuple(sentences(one.was, now))
        family = next(
            (effect.family for effect in (*now.effects, *one.was.effects) if effect.verb in TOLD), one.counter
        )
        return Changed(one.name, family, one.at, says, tuple(behind), adapted) if says else None

    def files(self, path: str, name: str, static: bool, new: World) -> Sequence[str]:
        """The files in which *name* of the file *path* may be called, that file first."""
        if static and not path.endswith(".h"):
            return (path,)
        word = name.encode()
        series = [other for other, unit in new.series.items() if other != path and word in unit.text]
        found = dict.fromkeys([path, *sorted(series), *self.mentioning(name)])
        return [other for other in list(found)[:MAX_FILES] if other.endswith((".c", ".h"))]

    def wrong(
        self, before: Unit, known: FunctionSource, after: Unit, source: FunctionSource, counter: str
    ) -> Judged | None:
        """What a caller gets wrong after the change, and did not before."""
        counters = frozenset({counter})
        introduced, _, _ = compare(
            self.judge.judge(before, [known], None, counters), self.judge.judge(after, [source], None, counters)
        )
        sure = [
            one
            for one in introduced
            if one.found.confidence is not Confidence.LOW and one.found.accepted is not Accepted.ANYWHERE
        ]
        return sure[0] if sure else None


def callers(unit: Unit, name: str) -> Iterator[FunctionSource]:
    """The functions of *unit* that call *name*, in the text's order."""
    for source in unit.sources:
        if source.name != name and name in unit.words_of(source) and call_in(unit, source, name) >= 0:
            yield source


def call_in(unit: Unit, source: FunctionSource, name: str) -> int:
    """The offset of the first call of *name* in *source*, or -1."""
    match = re.compile(rb"\b%s\s*\(" % name.encode()).search(unit.text, source.start, source.end)
    return -1 if match is None else match.start()


def moved(before: Unit, after: Unit, name: str, counter: str) -> bool:
    """Whether a caller passes the change on to callers of its own."""
    was, now = before.contract(name, counter, 0), after.contract(name, counter, 0)
    return was is not None and now is not None and differ(was, now)


def said(unit: Unit, source: FunctionSource, callee: str, wrong: Judged) -> Behind:
    """A caller with the line of its call, and what it gets wrong."""
    line, column = unit.lines.position(call_in(unit, source, callee))
    place = Place(unit.path, line, column, text_at(unit.lines, line))
    return Behind(source.name, place, wrong.rule, wrong.line, wrong.found.message)


# --- in words ----------------------------------------------------------------------------------------------------------

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
WHEN = {
    1: " when it returns 0 or NULL",
    2: " when it returns a valid pointer or a positive number",
    4: " when it fails",
}


def sentences(was: Contract, now: Contract) -> Iterator[str]:
    """What changed, one clause each."""
    old, new = by_target(was), by_target(now)
    for key in sorted(new.keys() | old.keys(), key=str):
        verb = key[0]
        had, has = old.get(key, 0), new.get(key, 0)
        if had == has:
            continue
        what = thing(key[1])
        gained = has & ~had
        more = bool(gained)
        bits = gained or had & ~has
        when = "" if has == 0 or had == 0 else WHEN.get(bits, "")
        if verb is Verb.DROP:
            yield f"{'now drops' if more else 'no longer drops'} the caller's reference on {what}{when}"
        elif what == "what it returns":
            yield f"{'now returns' if more else 'no longer returns'} a reference that the caller must drop{when}"
        else:
            yield f"{'now takes' if more else 'no longer takes'} a reference on {what}{when}"


def by_target(contract: Contract) -> dict[tuple[Verb, Target], int]:
    """The results with which each target is taken or dropped."""
    out: dict[tuple[Verb, Target], int] = {}
    for one in contract.effects:
        if one.verb in TOLD:
            verb = Verb.TAKE if one.verb is Verb.INIT else one.verb
            out[verb, one.target] = out.get((verb, one.target), 0) | (one.when & contract.results)
    return out


def thing(target: Target) -> str:
    """What a target is to a caller."""
    arg, path = target.arg, "".join(target.path)
    if arg < 0:
        return "what it returns" if not path else f"{path.removeprefix('->')} of what it returns"
    where = f"its {ORDINALS[arg]} argument" if arg < len(ORDINALS) else f"argument {arg + 1}"
    return where if not path else f"{path.removeprefix('->').removeprefix('.')} of {where}"
