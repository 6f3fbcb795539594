"""The functions of a driver that hand its pages out, and which of them is to be told of a page that is not ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getput.ownership.device.handed_out import COUNTED, GIVEN, PAYLOAD, RAW, READY, Handed, Outcome, Page, Pages
from getput.ownership.device.table import known
from getput.ownership.device.walk import walk
from getput.ownership.view import Mark, PageFault

if TYPE_CHECKING:
    from getput.csource.syntax import FunctionSource
    from getput.ownership.device.driver import Driver
    from getput.ownership.unit import Unit

MAX_DEPTH = 3  # callees of callees


class File:
    """The pages of one file, function by function."""

    def __init__(self, unit: Unit, owner: Driver) -> None:
        self.unit = unit
        self.driver = owner
        self.lists = owner.lists
        self.known: dict[str, Outcome | None] = {}
        self.words = (
            known().pages.init | known().pages.of_frame | known().pages.gets | known().pages.sets | owner.lists
        ) | {PAYLOAD}
        self.depth = 0

    def own_reference(self, name: str) -> bool:
        """Whether a function takes a reference on a pagemap itself."""
        source = self.unit.by_name.get(name)
        return source is not None and bool(self.unit.words_of(source) & known().pages.pagemap_tryget)

    def concerned(self, source: FunctionSource) -> bool:
        """Whether a function may see a page that waits, by its words or by those of a function that it calls."""
        words = self.unit.words_of(source)
        if words & self.words:
            return True
        return any(self.unit.words_of(callee) & self.words for callee in self.unit.callees(source))

    def outcome(self, name: str, caller: str) -> Outcome | None:
        """What a function of the file does to pages."""
        source = self.unit.by_name.get(name)
        if source is None or name == caller or source.start >= self.unit.written:
            return None
        if name in self.known:
            return self.known[name]
        self.known[name] = None  # recursion ends here
        if self.depth < MAX_DEPTH and self.concerned(source):
            self.depth += 1
            self.known[name] = self.followed(source)
            self.depth -= 1
        return self.known[name]

    def followed(self, source: FunctionSource) -> Outcome | None:
        """One function, all its ways."""
        function = self.unit.function(source)
        if function is None or function.damaged:
            return None
        question = Pages(self, function)
        start = tuple(
            sorted(
                Page(name, GIVEN, -2 - index)
                for name, index in question.params.items()
                if "*" in function.params[index].type
            )
        )
        if not walk(function, start, question):
            return None
        readies = [
            index
            for index in question.params.values()
            if question.ends
            and all(any(one.origin == -2 - index and one.kind == READY for one in end) for end in question.ends)
        ]
        pushes = [-2 - origin for origin in question.pushed if origin <= -2]
        undone = tuple([question.undone[at] for at in sorted(question.undone)])
        return Outcome(tuple(question.handed.values()), frozenset(readies), frozenset(pushes), undone)


def faults(unit: Unit, owner: Driver) -> list[PageFault]:
    """Pages that go out without a count and a pagemap, are counted by hand, or come back without their put."""
    file = File(unit, owner)
    outcomes: dict[str, Outcome] = {}
    for source in unit.sources:
        found = file.outcome(source.name, "")
        if found is not None:
            outcomes[source.name] = found
    out: list[PageFault] = []
    for name, outcome in outcomes.items():
        out += outcome.undone
        said: set[tuple[str, str]] = set()
        for one in outcome.handed:
            key = (one.page.kind, one.page.name.lstrip("*"))
            if key in said or not told(unit, outcomes, name, one):
                continue
            said.add(key)
            out.append(fault(unit, name, one))
    return out


def told(unit: Unit, outcomes: dict[str, Outcome], name: str, one: Handed) -> bool:
    """Whether what is wrong with a page is to be said of this function, and of this way out of it."""
    if one.page.kind == COUNTED:
        return one.page.by >= 0
    if one.page.kind != RAW:
        return False
    if one.via == -2:
        return not from_callee(unit, one.page.origin, outcomes)
    return falls_to(unit, outcomes, name)


def from_callee(unit: Unit, origin: int, outcomes: dict[str, Outcome]) -> bool:
    """Whether a page came out of a function of the file, which is the one to be told."""
    callee = called_at(unit, origin)
    return callee in outcomes and bool(outcomes[callee].handed)


def called_at(unit: Unit, at: int) -> str:
    """The name that stands at an offset."""
    end = at
    while unit.text[end : end + 1].isalnum() or unit.text[end : end + 1] == b"_":
        end += 1
    return unit.text[at:end].decode("ascii", "replace")


def falls_to(unit: Unit, outcomes: dict[str, Outcome], name: str) -> bool:
    """Whether the function that hands a page out is the one to be told: no caller makes it ready, nor hands it on as it is."""
    callers = [
        source.name
        for source in unit.sources
        if source.name != name and any(callee.name == name for callee in unit.callees(source))
    ]
    for caller in callers:
        outcome = outcomes.get(caller)
        handed = () if outcome is None else outcome.handed
        ways = {one.via for one in handed if one.page.kind == RAW and called_at(unit, one.page.origin) == name}
        if ways == {-2}:
            return True
    return not callers


def fault(unit: Unit, name: str, one: Handed) -> PageFault:
    """A page that goes out as it should not."""
    label = one.page.name.lstrip("*")
    label = "the page" if label.startswith("%") else label
    taken = Mark("here", one.page.origin)
    if one.page.by >= 0:
        at = one.page.by
        return PageFault("counted-by-hand", name, label, called_at(unit, at), at, (taken, Mark("here", at)))
    return PageFault("not-initialised", name, label, "", one.at, (taken, *one.way))
