"""Lowering keeps the meaning: random C programs, run as they are and run as graphs, do the same."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.csource.programs import COMPARISONS, CONFIGS, legal, onward, programs, write_program

from getput.csource.lower import lower_function
from getput.csource.lower_order import successors
from getput.csource.macros import bundled
from getput.csource.parse import parse_all
from getput.flow import cfg, ir

STEPS = 4000

# --- run as it stands ------------------------------------------------------------------------------------------------


class Leave(Exception):  # noqa: N818
    """Control leaves a statement: ``how`` is break, continue, goto or return."""

    def __init__(self, how: str, value: int = 0) -> None:
        self.how = how
        self.value = value


def answer(arg: int) -> int:
    """What the function that programs call returns."""
    return (arg * 3 + 1) % 5


class Reference:
    """Runs the program the way C says."""

    def __init__(self, configs: dict[str, bool], a: int, b: int) -> None:
        self.configs = configs
        self.log: list[tuple[str, int]] = []
        self.scopes: list[dict[str, int]] = [{"a": a, "b": b}, {"x": 1, "y": 2}]

    def find(self, name: str) -> dict[str, int]:
        return next(scope for scope in reversed(self.scopes) if name in scope)

    def value(self, expr: Any) -> int:
        match expr:
            case ("const", n):
                return int(n)
            case ("var", name):
                return self.find(name)[name]
            case ("binary", op, left, right):
                return COMPARISONS[op](self.value(left), self.value(right))
            case ("call", arg):
                given = self.value(arg)
                self.log.append(("call", given))
                return answer(given)
            case ("x++", name):
                before = self.find(name)[name]
                self.find(name)[name] = before + 1
                return before
            case ("++x", name):
                self.find(name)[name] += 1
                return self.find(name)[name]
            case ("assign", name, value):
                given = self.value(value)
                self.find(name)[name] = given
                return given
            case ("&&", left, right):
                return int(self.value(left) != 0 and self.value(right) != 0)
            case ("||", left, right):
                return int(self.value(left) != 0 or self.value(right) != 0)
            case (",", left, right):
                self.value(left)
                return self.value(right)
            case ("?:", test, then, other):
                return self.value(then) if self.value(test) else self.value(other)
            case ("elvis", test, other):
                return self.value(test) or self.value(other)
            case ("!", value):
                return int(not self.value(value))
            case ("unlikely" | "block", value):
                return self.value(value)
        raise AssertionError(expr)

    def run(self, program: list[Any]) -> int:
        try:
            position = 0
            while position < len(program):
                statement = legal(program[position], frozenset())
                try:
                    self.scope([statement])
                    position += 1
                except Leave as leave:
                    if leave.how != "goto":
                        raise
                    position = onward(leave.value, position, len(program))
        except Leave as leave:
            return leave.value
        return 7

    def scope(self, body: Any) -> None:
        outer = len(self.scopes)
        self.scopes.append({})
        cleanups: list[tuple[str, dict[str, int]]] = []
        try:
            for statement in body:
                if statement[0] in ("local", "free"):
                    given = self.value(statement[2])
                    self.scopes.append({statement[1]: given})
                    if statement[0] == "free":
                        cleanups.append((statement[1], self.scopes[-1]))
                else:
                    self.statement(statement)
        finally:
            for name, scope in reversed(cleanups):
                self.log.append(("end", scope[name]))
            del self.scopes[outer:]

    def loop(self, body: Any) -> bool:
        """Run a loop's body once; false if it breaks out."""
        try:
            self.statement(body)
        except Leave as leave:
            if leave.how == "break":
                return False
            if leave.how != "continue":
                raise
        return True

    def statement(self, statement: Any) -> None:  # noqa: PLR0912
        match statement:
            case ("effect", expr):
                self.value(expr)
            case ("return", expr):
                raise Leave("return", self.value(expr))
            case ("goto", label):
                raise Leave("goto", label)
            case ("break",) | ("continue",):
                raise Leave(statement[0])
            case ("block", body):
                self.scope(body)
            case ("if", test, body):
                if self.value(test):
                    self.statement(body)
            case ("else", test, body, other):
                self.statement(body if self.value(test) else other)
            case ("for" | "while" | "each", bound, body):
                for _ in range(bound):
                    if not self.loop(body):
                        break
            case ("scoped", bound, body):
                for number in range(bound):
                    try:
                        if not self.loop(body):
                            raise Leave("break")
                    except Leave as leave:
                        self.log.append(("end", number))
                        if leave.how == "break":
                            return
                        raise
            case ("do", bound, body):
                for _ in range(max(bound, 1)):
                    if not self.loop(body):
                        break
            case ("once", body):
                self.log.append(("lock", 1))
                try:
                    self.loop(body)
                finally:
                    self.log.append(("end", answer(1)))
            case ("switch", value, arms, default):
                self.switch(self.value(value), arms, default)
            case ("ifdef", config, positive, body, other):
                if self.configs[config] == positive:
                    self.statement(body)
                elif other is not None:
                    self.statement(other)

    def switch(self, value: int, arms: Any, default: Any) -> None:
        bodies = [body for _, _, body in arms] + ([default] if default is not None else [])
        start = len(arms)
        for number, (low, more, _) in enumerate(arms):
            if value == low or (more and low * 10 <= value <= low * 10 + more):
                start = number
                break
        try:
            for body in bodies[start:]:
                self.statement(body)
        except Leave as leave:
            if leave.how != "break":
                raise


# --- run as a graph --------------------------------------------------------------------------------------------------


class Machine:
    """Runs the graph."""

    def __init__(self, function: ir.Function, configs: dict[str, bool], a: int, b: int) -> None:
        self.function = function
        self.env: dict[str | int, int] = {"a": a, "b": b}
        self.env.update({f"#{name}": int(on) for name, on in configs.items()})
        self.log: list[tuple[str, int]] = []

    def value(self, expr: ir.Expr) -> int:
        match expr:
            case ir.Var(name):
                return self.env[name]
            case ir.Temp(index):
                return self.env[index]
            case ir.Const(value):
                return value
            case ir.Unary("!", operand):
                return int(not self.value(operand))
            case ir.Binary(op, left, right):
                return COMPARISONS[op](self.value(left), self.value(right))
        raise AssertionError(expr)

    def run(self) -> int:
        block = 0
        for _ in range(STEPS):
            for instr in self.function.blocks[block].instrs:
                self.step(instr)
            match self.function.blocks[block].end:
                case ir.Jump(to, _):
                    block = to
                case ir.Branch(condition, then, other, _):
                    block = then if self.value(condition) else other
                case ir.Switch(value, cases, default, _):
                    given = self.value(value)
                    block = default
                    for case in cases:
                        if any(low <= given <= high for low, high in case.values):  # type: ignore[operator]
                            block = case.to
                            break  # C forbids arms that overlap; the generator does not
                case ir.Advance(_, (ir.Var(cursor), bound), body, done, _):
                    self.env[cursor] += 1
                    block = body if self.env[cursor] < self.value(bound) else done
                case ir.Return(value, _):
                    return 0 if value is None else self.value(value)
                case end:
                    raise AssertionError(end)
        raise AssertionError("too many steps")

    def step(self, instr: ir.Instr) -> None:
        match instr:
            case ir.Declare(name, _, _, _):
                self.env.pop(name, None)
            case ir.Assign(ir.Var(key) | ir.Temp(key), value, _):
                self.env[key] = self.value(value)
            case ir.Call(result, callee, _, args, _, _):
                given = self.value(args[0])
                self.log.append(("call" if callee == "f" else "lock", given))
                if result is not None:
                    self.env[result.index] = answer(given)
            case ir.ScopeEnd(name, _, _):
                self.log.append(("end", self.env[name]))
            case ir.Start(_, (ir.Var(cursor), _), _):
                self.env[cursor] = -1
            case ir.Read(value, _):
                self.value(value)
            case _:
                raise AssertionError(instr)


def check_shape(function: ir.Function) -> None:
    """Every block is reachable, every edge leads to a block, no temporary is read before it is assigned."""
    count = len(function.blocks)
    reached = {0}
    pending = [0]
    while pending:
        for to in successors(function.blocks[pending.pop()].end):
            assert 0 <= to < count
            if to not in reached:
                reached.add(to)
                pending.append(to)
    assert reached == set(range(count))
    assert cfg.order(function) == tuple(range(count))
    assert not any(name.startswith("%") for name in cfg.live(function, "%{}".format)[0])


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs, st.integers(-1, 3), st.integers(-1, 3), st.booleans(), st.booleans())
def test_graph_and_program_do_the_same(program: list[Any], a: int, b: int, first: bool, second: bool) -> None:
    text = write_program(program).encode()
    (parsed,) = parse_all(text, bundled())
    assert parsed.errors == 0, text.decode()
    function = lower_function(text, parsed, bundled())
    assert not function.damaged
    check_shape(function)
    configs = dict(zip(CONFIGS, (first, second), strict=True))
    reference, machine = Reference(configs, a, b), Machine(function, configs, a, b)
    assert machine.run() == reference.run(program)
    assert machine.log == reference.log
