"""Device pages that a driver hands out: taken off its free ones, made ready, given to somebody.

A page that waits with its driver has a count of zero and holds no reference on its pagemap.  ``zone_device_page_init()`` gives it both, and
the lock; unlock_page() and put_page() take it back, through ``->page_free()``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from getput.flow.ir import (
    AddressOf,
    Assign,
    Binary,
    Branch,
    Call,
    Const,
    Deref,
    Expr,
    Field,
    Function,
    Instr,
    Return,
    Temp,
    Unary,
    Unknown,
    Var,
)
from getput.ownership.device.table import known
from getput.ownership.device.walk import Question, Way
from getput.ownership.view import Mark, PageFault

if TYPE_CHECKING:
    from getput.ownership.device.allocators import File

FRAME, RAW, COUNTED, READY, GIVEN = "frame", "raw", "counted", "ready", "given"
PAYLOAD = "zone_device_data"


class Page(msgspec.Struct, frozen=True, order=True):
    """One page under one name: ``kind`` says how far it is (``given`` is a parameter's), ``origin`` the offset or the parameter it came by,
    ``out`` that it was made known to others, ``by`` at which offset it was counted by hand, ``frame`` that it is one of a range."""

    name: str
    kind: str
    origin: int
    out: bool = False
    by: int = -1
    frame: bool = False


State = tuple[Page, ...]


class Handed(msgspec.Struct, frozen=True):
    """How a page leaves a function: ``via`` its result (-1), a parameter (its index), or for anybody to see (-2)."""

    via: int
    page: Page
    at: int
    way: Way


class Outcome(msgspec.Struct, frozen=True):
    """What a function does to pages: ``readies`` and ``pushes`` are parameters that it makes ready on every way, or puts on a free list."""

    handed: tuple[Handed, ...] = ()
    readies: frozenset[int] = frozenset()
    pushes: frozenset[int] = frozenset()
    undone: tuple[PageFault, ...] = ()

    def kind(self, via: int) -> str:
        """How the page comes that leaves by *via*; nothing where none does."""
        kinds = {one.page.kind for one in self.handed if one.via == via}
        return next((kind for kind in (RAW, COUNTED, READY) if kind in kinds), "")


class Pages(Question[State]):
    """Follows device pages through one function."""

    def __init__(self, file: File, function: Function) -> None:
        self.file = file
        self.function = function
        self.params = {param.name: index for index, param in enumerate(function.params) if param.name}
        self.handed: dict[tuple[int, str, int], Handed] = {}
        self.undone: dict[int, PageFault] = {}
        self.ends: list[State] = []
        self.pushed: set[int] = set()

    # --- names -----------------------------------------------------------------------------------------------------

    @staticmethod
    def name(expr: Expr) -> str:
        """What an expression is kept under: variables, temporaries, and what a parameter points to."""
        if isinstance(expr, Var):
            return expr.name
        if isinstance(expr, Temp):
            return f"%{expr.index}"
        if isinstance(expr, Deref) and isinstance(expr.base, Var):
            return f"*{expr.base.name}"
        return ""

    def page(self, state: State, expr: Expr) -> Page | None:
        """The page that an expression is."""
        if isinstance(expr, Binary) and expr.op in "+-":
            return self.page(state, expr.left)
        if isinstance(expr, AddressOf) and isinstance(expr.place, Field):
            return self.page(state, expr.place.base)
        name = self.name(expr)
        return next((one for one in state if one.name == name), None) if name else None

    @staticmethod
    def without(state: State, name: str) -> State:
        return tuple([one for one in state if one.name != name])

    @staticmethod
    def changed(state: State, origin: int, **to: object) -> State:
        """Every name of one page with something else known of it."""
        return tuple([msgspec.structs.replace(one, **to) if one.origin == origin else one for one in state])

    def bind(self, state: State, target: Expr, page: Page | None) -> State:
        name = self.name(target)
        if not name:
            return state
        state = self.without(state, name)
        return state if page is None else tuple(sorted((*state, msgspec.structs.replace(page, name=name))))

    # --- instructions ----------------------------------------------------------------------------------------------

    def step(self, state: State, instr: Instr, at: Callable[[], Way]) -> State:
        if isinstance(instr, Call):
            return self.call(state, instr, at)
        if not isinstance(instr, Assign):
            return state
        target, value = instr.target, instr.value
        page = self.page(state, value)
        if isinstance(target, Field):
            return self.stored(state, target, value, page, instr.at, at)
        if page is None and isinstance(value, Field) and value.name in self.file.lists:
            page = Page("", RAW, instr.at)
        return self.bind(state, target, page)

    def stored(
        self, state: State, target: Field, value: Expr, page: Page | None, offset: int, at: Callable[[], Way]
    ) -> State:
        """``place->member = value``."""
        if page is not None and target.name in self.file.lists:
            if page.kind in (READY, GIVEN):
                self.wrong_undo(page, value, f"goes back on '{target.name}'", offset, at)
            if page.kind == READY or (page.kind == RAW and not page.frame):
                return tuple([one for one in state if one.origin != page.origin])
            return state
        owner = self.page(state, target.base) if target.name == PAYLOAD else None
        if owner is not None:
            if isinstance(value, Field) and value.name in self.file.lists:
                return self.changed(state, owner.origin, kind=RAW, frame=True) if owner.kind == FRAME else state
            if not isinstance(value, Const) and owner.kind in (FRAME, RAW, COUNTED):
                kind = RAW if owner.kind == FRAME else owner.kind
                return self.changed(state, owner.origin, kind=kind, out=True)
        return state

    def call(self, state: State, call: Call, at: Callable[[], Way]) -> State:
        name, table = call.callee or "", known().pages
        page = self.page(state, call.args[0]) if call.args else None
        result: Page | None = None
        if name in table.of_frame:
            result = Page("", FRAME, call.at)
        elif name in table.same:
            result = page
        elif page is not None:
            state = self.given(state, call, name, page, at)
        outcome = self.file.outcome(name, self.function.name)
        if outcome is not None:
            for index, arg in enumerate(call.args):
                passed = self.page(state, arg)
                if passed is not None and index in outcome.readies:
                    state = self.changed(state, passed.origin, kind=READY)
                elif passed is not None and index in outcome.pushes and passed.kind in (READY, GIVEN):
                    self.wrong_undo(passed, arg, f"goes back by {name}()", call.at, at)
                    state = tuple([one for one in state if one.origin != passed.origin])
                kind = outcome.kind(index)
                if kind and isinstance(arg, AddressOf):
                    state = self.bind(state, arg.place, Page("", kind, call.at))
            kind = outcome.kind(-1)
            if kind:
                result = Page("", kind, call.at)
        return state if call.result is None else self.bind(state, call.result, result)

    def given(self, state: State, call: Call, name: str, page: Page, at: Callable[[], Way]) -> State:
        """A page is the first argument of a call that the tables know."""
        table, arg = known().pages, call.args[0]
        if name in table.init:
            return self.changed(state, page.origin, kind=READY)
        number = call.args[1].value if len(call.args) > 1 and isinstance(call.args[1], Const) else 0
        if name in table.gets or (name in table.sets and number > 0):
            if page.kind not in (RAW, FRAME):
                return state
            hand = READY if self.file.own_reference(self.function.name) else COUNTED
            return self.changed(state, page.origin, kind=hand, by=call.at)
        freed = name in self.file.driver.frees or name in table.allocator_free
        through = isinstance(call.pointer, Field) and call.pointer.name in known().operations.free
        if freed or through:
            if page.kind in (READY, GIVEN) or (page.kind == FRAME and name in self.file.driver.frees):
                self.wrong_undo(page, arg, f"goes to {name or '->page_free'}()", call.at, at)
            return tuple([one for one in state if one.origin != page.origin])
        if name in table.puts:
            return tuple([one for one in state if one.origin != page.origin])
        if name in table.frame_of and page.kind in (RAW, COUNTED):
            return self.changed(state, page.origin, out=True)
        return state

    def wrong_undo(self, page: Page, expr: Expr, how: str, offset: int, at: Callable[[], Way]) -> None:
        """A page that is in use, or that was handed in, goes back without its put."""
        self.pushed.add(page.origin)
        if page.by >= 0 or page.kind == GIVEN:
            return  # counted by the driver's own means; what a caller hands in may be on its way back
        label = self.label(expr)
        way = (Mark("here", page.origin), *at(), Mark("here", offset))
        self.undone.setdefault(offset, PageFault("wrong-undo", self.function.name, label, "", offset, tuple(way), how))

    def label(self, expr: Expr) -> str:
        """A page as the source calls it."""
        name = self.name(expr)
        return name if name and name[0] != "%" else "the page"

    # --- ways ------------------------------------------------------------------------------------------------------

    def assume(self, state: State, end: Branch, truth: bool) -> State | None:
        condition, said = asked(end.condition)
        page = self.page(state, condition)
        if page is not None and truth != said:
            return tuple([one for one in state if one.origin != page.origin])
        return state

    def leave(self, state: State, end: Return, at: Callable[[], Way]) -> None:
        self.ends.append(state)
        value = end.value
        if isinstance(value, Unknown) and len(value.parts) == 1:
            value = value.parts[0]
        returned = None if value is None else self.page(state, value)
        if returned is not None:
            self.note(-1, returned, end, at)
        for one in state:
            if one.name[0] == "*" and one.name[1:] in self.params:
                self.note(self.params[one.name[1:]], one, end, at)
            elif one.out and one.kind in (RAW, COUNTED) and one.name == self.best(state, one.origin):
                self.note(-2, one, end, at)

    @staticmethod
    def best(state: State, origin: int) -> str:
        """The name of a page that the source uses, where it has one."""
        names = sorted(one.name for one in state if one.origin == origin)
        return next((name for name in names if name[0] != "%"), names[0])

    def note(self, via: int, page: Page, end: Return, at: Callable[[], Way]) -> None:
        """A page leaves the function."""
        key = (via, page.kind, page.origin)
        if page.kind in (RAW, COUNTED, READY) and key not in self.handed:
            way = (*at(), Mark("exit", end.at))
            self.handed[key] = Handed(via, page, end.at, way)


def asked(condition: Expr) -> tuple[Expr, bool]:
    """What a condition asks of, and whether it is true where that is not NULL."""
    if isinstance(condition, Unary) and condition.op == "!":
        return condition.operand, False
    if isinstance(condition, Binary) and condition.op in ("==", "!=") and condition.right == Const(0):
        return condition.left, condition.op == "!="
    return condition, True
