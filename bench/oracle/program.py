"""The oracle's own little language: functions that take and drop counts, and how they are written as C.

A statement is its kind, its parts and its bodies; a condition is a tuple.  Variables that hold pointers have a family for life.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Cond = tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Stmt:
    """One statement, equal to itself only."""

    kind: str
    args: tuple[Any, ...] = ()
    bodies: tuple[tuple[Stmt, ...], ...] = ()


Body = tuple[Stmt, ...]


@dataclass(frozen=True)
class Family:
    """One kind of object: what is written for a get and a put, and how a get fails."""

    type: str
    get: str
    put: str
    again: str  # takes one more on what is given, and returns it
    fails: str  # "NULL" or "ERR"
    safe: bool  # whether the put takes NULL
    field: str


FAMILIES = {
    "node": Family(
        "device_node", 'of_find_node_by_path("/{0}")', "of_node_put({0})", "of_node_get({0})", "NULL", True, "phandle"
    ),
    "prog": Family("bpf_prog", "bpf_prog_get(ctx->{0})", "bpf_prog_put({0})", "", "ERR", False, "len"),
    "file": Family("file", "fget(ctx->{0}_fd)", "fput({0})", "get_file({0})", "NULL", False, "f_flags"),
    "clk": Family("clk", 'clk_get(ctx->dev, "{0}")', "clk_put({0})", "", "ERR", True, "rate"),
}
FLAGS = ("flag0", "flag1")
MARKS = ("mark0", "mark1")  # locals that say what was done


@dataclass(frozen=True)
class Usage:
    """A count on something that others own: how a use begins, whether its answer is a negative number or false where it fails, and how it ends."""

    begin: str
    negative: bool
    end: str


USAGES = {
    "power": Usage("pm_runtime_resume_and_get(ctx->dev)", True, "pm_runtime_put(ctx->dev)"),
    "module": Usage("try_module_get(ctx->owner)", False, "module_put(ctx->owner)"),
    "clock": Usage("clk_prepare_enable(ctx->clk)", True, "clk_disable_unprepare(ctx->clk)"),
}


@dataclass(frozen=True, eq=False)
class Func:
    """One function: ``returns`` "int", "void" or a family; ``param`` the family of an object that it is handed, or ""; ``out`` the family of
    what it hands out through a pointer argument, or "".  ``tails`` are the labels at the end: ``out0`` falls into ``out1``."""

    name: str
    returns: str
    variables: tuple[tuple[str, str], ...]
    body: tuple[Stmt, ...]
    tails: tuple[tuple[Stmt, ...], ...] = ()
    param: str = ""
    out: str = ""

    @property
    def families(self) -> dict[str, str]:
        """The family of each pointer."""
        known = dict(self.variables)
        if self.param:
            known["arg"] = self.param
        return known


@dataclass(frozen=True, eq=False)
class Program:
    """Helpers, then the function that uses them."""

    funcs: tuple[Func, ...]

    def named(self, name: str) -> Func:
        """The function of that name."""
        return next(func for func in self.funcs if func.name == name)


@dataclass
class Written:
    """C, and on which line (1-based) each statement stands."""

    lines: list[str] = field(default_factory=list)
    at: dict[Stmt, int] = field(default_factory=dict)
    asked: int = 0
    known: dict[str, str] = field(default_factory=dict)  # the families of the function that is written

    def write(self, func: Func) -> None:
        """Append *func*."""
        self.known = func.families
        kind = f"struct {FAMILIES[func.returns].type} *" if func.returns in FAMILIES else f"{func.returns} "
        params = ["struct acme_ctx *ctx", *[f"bool {flag}" for flag in FLAGS], "int x"]
        if func.param:
            params.append(f"struct {FAMILIES[func.param].type} *arg")
        if func.out:
            params.append(f"struct {FAMILIES[func.out].type} **out")
        static = "" if func.name == "acme" else "static "
        self.lines += [f"{static}{kind}{func.name}({', '.join(params)})", "{"]
        for name, family in func.variables:
            self.lines.append(f"\tstruct {FAMILIES[family].type} *{name} = NULL;")
        self.lines += [f"\tbool {name} = false;" for name in MARKS]
        self.lines += ["\tint ret = 0;", "\tint i;", ""]
        self.body(func, func.body, 1)
        for number, tail in enumerate(func.tails):
            self.lines.append(f"out{number}:")
            self.body(func, tail, 1)
        self.lines += ["}", ""]

    def body(self, func: Func, stmts: tuple[Stmt, ...], depth: int) -> None:
        """Append statements."""
        for stmt in stmts:
            self.at[stmt] = len(self.lines) + 1
            self.stmt(func, stmt, "\t" * depth, depth)

    def stmt(self, func: Func, stmt: Stmt, tabs: str, depth: int) -> None:  # noqa: PLR0912, PLR0915 -- one line a kind
        """Append one statement."""
        kind, args = stmt.kind, stmt.args
        known = func.families
        add = self.lines.append
        match kind:
            case "get":
                add(f"{tabs}{args[0]} = {FAMILIES[known[args[0]]].get.format(args[0])};")
            case "again":
                add(f"{tabs}{args[0]} = {FAMILIES[known[args[0]]].again.format(args[1])};")
            case "take":
                add(f"{tabs}{FAMILIES[known[args[0]]].again.format(args[0])};")
            case "put":
                add(f"{tabs}{FAMILIES[known[args[0]]].put.format(args[0])};")
            case "call":
                add(f"{tabs}{args[0]} = {args[1]}(ctx, {self.anything()});")
            case "fill":
                add(f"{tabs}ret = {args[1]}(ctx, {self.anything()}, &{args[0]});")
            case "give":
                add(f"{tabs}{args[1]}(ctx, {self.anything()}, {args[0]});")
            case "alias":
                add(f"{tabs}{args[0]} = {args[1]};")
            case "clear":
                add(f"{tabs}{args[0]} = NULL;")
            case "ret":
                add(f"{tabs}ret = {self.number(args[0])};")
            case "mark":
                add(f"{tabs}{args[0]} = true;")
            case "begin":
                add(f"{tabs}ret = {USAGES[args[0]].begin};")
            case "end":
                add(f"{tabs}{USAGES[args[0]].end};")
            case "get-or-null":
                add(f"{tabs}{args[0]} = {self.cond(args[1])} ? {FAMILIES[known[args[0]]].get.format(args[0])} : NULL;")
            case "reload":
                add(f"{tabs}{args[0]} = ctx->{args[1]};")
            case "put-stored":
                add(f"{tabs}{FAMILIES[known[args[0]]].put.format('ctx->' + args[0])};")
            case "clear-stored":
                add(f"{tabs}ctx->{args[0]} = NULL;")
            case "scoped":
                kind = FAMILIES[known[args[0]]]
                add(f"{tabs}{{")
                add(f"{tabs}\tstruct {kind.type} *{args[0]}_ __free({kind.type}) = {kind.get.format(args[0])};")
                self.body(func, stmt.bodies[0], depth + 1)
                add(f"{tabs}}}")
            case "use-scoped":
                add(f"{tabs}acme_show(ctx, {args[0]}_);")
            case "return-scoped":
                add(f"{tabs}return no_free_ptr({args[0]}_);")
            case "walk":
                add(
                    f"{tabs}for ({args[0]} = NULL; ({args[0]} = of_get_next_child(ctx->parent, {args[0]})) != NULL;) {{"
                )
                self.body(func, stmt.bodies[0], depth + 1)
                add(f"{tabs}}}")
            case "children":
                add(f"{tabs}for_each_child_of_node(ctx->parent, {args[0]}) {{")
                self.body(func, stmt.bodies[0], depth + 1)
                add(f"{tabs}}}")
            case "use":
                add(f"{tabs}acme_show(ctx, {args[0]}->{FAMILIES[known[args[0]]].field});")
            case "show":
                add(f"{tabs}acme_note(ctx);")
            case "store":
                add(f"{tabs}ctx->{args[0]} = {args[0]};")
            case "publish":
                add(f"{tabs}acme_{args[0]} = {args[0]};")
            case "out":
                add(f"{tabs}*out = {args[0]};")
            case "return":
                add(f"{tabs}return{'' if args[0] is None else ' ' + self.number(args[0])};")
            case "goto":
                add(f"{tabs}goto out{args[0]};")
            case "break" | "continue":
                add(f"{tabs}{kind};")
            case "if":
                add(f"{tabs}if ({self.cond(args[0])}) {{")
                self.body(func, stmt.bodies[0], depth + 1)
                if stmt.bodies[1]:
                    add(f"{tabs}}} else {{")
                    self.body(func, stmt.bodies[1], depth + 1)
                add(f"{tabs}}}")
            case "switch":
                add(f"{tabs}switch (x) {{")
                for number, body in zip(args[0], stmt.bodies, strict=True):
                    add(f"{tabs}default:" if number is None else f"{tabs}case {number}:")
                    self.body(func, body, depth + 1)
                    if not (body and body[-1].kind in ("return", "goto", "break", "continue")):
                        add(f"{tabs}\tbreak;")
                add(f"{tabs}}}")
            case "while":
                add(f"{tabs}while ({self.cond(args[0])}) {{")
                self.body(func, stmt.bodies[0], depth + 1)
                add(f"{tabs}}}")
            case "do":
                add(f"{tabs}do {{")
                self.body(func, stmt.bodies[0], depth + 1)
                add(f"{tabs}}} while ({self.cond(args[0])});")
            case "for":
                add(f"{tabs}for (i = 0; i < ctx->count; i++) {{")
                self.body(func, stmt.bodies[0], depth + 1)
                add(f"{tabs}}}")
            case _:
                raise AssertionError(kind)

    def anything(self) -> str:
        """Arguments of which nothing is known."""
        self.asked += 3
        return f"acme_ask{self.asked - 2}(ctx), acme_ask{self.asked - 1}(ctx), acme_try{self.asked}(ctx)"

    def number(self, value: Any) -> str:
        """A value that is returned, or goes to ``ret``."""
        match value:
            case ("ask",):
                self.asked += 1
                return f"acme_try{self.asked}(ctx)"
            case ("ptr_err", name):
                return f"PTR_ERR({name})"
            case ("ptr_err_or_zero", name):
                return f"PTR_ERR_OR_ZERO({name})"
            case ("err_ptr", number):
                return f"ERR_PTR({number})"
            case ("err_ret",):
                return "ERR_PTR(ret)"
        return str(value)

    def cond(self, cond: Cond) -> str:
        """A condition."""
        match cond:
            case ("ask",):
                self.asked += 1
                return f"acme_ask{self.asked}(ctx)"
            case ("flag", name) | ("mark", name):
                return str(name)
            case ("there", name):
                return str(name)
            case ("null", name):
                return f"!{name}"
            case ("err", name):
                return f"IS_ERR({name})"
            case ("bad", name):
                return f"IS_ERR_OR_NULL({name})"
            case ("got", name):
                return f"{'IS_ERR' if FAMILIES[self.known[name]].fails == 'ERR' else '!'}({name} = {FAMILIES[self.known[name]].get.format(name)})"
            case ("begun", name):
                return USAGES[name].begin
            case ("there-scoped", name):
                return f"{name}_"
            case ("ret",):
                return "ret"
            case ("negative",):
                return "ret < 0"
            case ("x", operator, number):
                return f"x {operator} {number}"
            case ("not", inner):
                return f"!({self.cond(inner)})"
            case ("and", left, right):
                return f"({self.cond(left)}) && ({self.cond(right)})"
            case ("or", left, right):
                return f"({self.cond(left)}) || ({self.cond(right)})"
        raise AssertionError(cond)


def written(program: Program) -> tuple[str, Written]:
    """The program as C."""
    out = Written()
    for func in program.funcs:
        out.write(func)
    return "\n".join(out.lines) + "\n", out
