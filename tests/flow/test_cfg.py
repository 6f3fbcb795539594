"""What analyses ask of a graph: order, loop heads, liveness."""

from __future__ import annotations

from getput.csource.lower import lower_function
from getput.csource.macros import bundled
from getput.csource.parse import parse_all
from getput.flow import cfg, ir
from getput.flow.ir import Assign, Block, Branch, Call, Const, Declare, Field, Function, Jump, Param, Return, Temp, Var
from getput.ownership.evaluate import temporary


def function(*blocks: Block, names: tuple[str, ...] = (), params: tuple[str, ...] = ()) -> Function:
    """A function made of these blocks."""
    return Function(
        name="f",
        params=tuple(Param(name, "int") for name in params),
        returns="int",
        static=False,
        start=0,
        end=1,
        blocks=blocks,
        locals=dict.fromkeys(names, "int"),
    )


def lower(text: str) -> Function:
    """The only function of *text*."""
    (parsed,) = parse_all(text.encode(), bundled())
    return lower_function(text.encode(), parsed, bundled())


def test_order_is_reverse_post_order() -> None:
    stop = Return(None, 0)
    graph = function(
        Block((), Branch(Var("a"), 3, 2, 0)), Block((), stop), Block((), Jump(1, -1)), Block((), Jump(1, -1))
    )
    assert cfg.order(graph) == (0, 3, 2, 1)


def test_lowered_blocks_stand_in_that_order_already() -> None:
    graph = lower("int f(int n)\n{\n\tif (n)\n\t\tgoto out;\n\twhile (n)\n\t\tn = g();\nout:\n\treturn n;\n}\n")
    assert cfg.order(graph) == tuple(range(len(graph.blocks)))


def test_loop_heads() -> None:
    graph = lower(
        "int f(int n)\n{\n\tint i;\n\n\tfor (i = 0; i < n; i++)\n\t\twhile (g())\n\t\t\th();\n"
        "again:\n\tif (n)\n\t\tgoto again;\n"
        "\tdo {\n\t\tk();\n\t} while (0);\n\tfor_each_child(a, b)\n\t\tuse(b);\n\treturn 0;\n}\n"
    )
    conditions = []
    for head in sorted(cfg.loop_heads(graph)):
        end = graph.blocks[head].end
        assert isinstance(end, (Branch, ir.Advance))
        conditions.append(end.macro if isinstance(end, ir.Advance) else end.condition)
    assert conditions == [ir.Binary("<", Var("i"), Var("n")), Temp(0), Var("n"), "for_each_child"]
    assert cfg.loop_heads(lower("int f(int n)\n{\n\treturn n;\n}\n")) == frozenset()


def test_a_block_that_leads_to_itself_is_a_loop() -> None:
    graph = function(Block((), Jump(1, -1)), Block((), Jump(1, -1)))
    assert cfg.loop_heads(graph) == {1}


def test_live_is_what_may_still_be_read() -> None:
    call = Call(Temp(0), "g", None, (Var("b"),), 0, 1)
    graph = function(
        Block((Declare("x", "int", None, 0), Assign(Var("x"), Const(1), 0)), Branch(Var("a"), 1, 2, 0)),
        Block((call, Assign(Var("x"), Temp(0), 0)), Jump(2, -1)),
        Block((), Return(Var("x"), 0)),
        names=("x", "unused"),
        params=("a", "b"),
    )
    assert cfg.live(graph, temporary) == [frozenset({"a", "b"}), frozenset({"b"}), frozenset({"x"})]


def test_temporaries_are_live_across_blocks_and_globals_are_not_asked() -> None:
    call = Call(Temp(5), "g", None, (), 0, 1)
    graph = function(
        Block((call,), Branch(Var("global"), 1, 2, 0)),
        Block((Assign(Temp(5), Const(1), 0),), Jump(2, -1)),
        Block((), Return(Temp(5), 0)),
    )
    assert cfg.live(graph, temporary) == [frozenset(), frozenset(), frozenset({"%5"})]


def test_what_goes_round_a_loop_is_live_in_it() -> None:
    graph = lower("int f(int n)\n{\n\tint s = 0;\n\n\twhile (n--)\n\t\ts += n;\n\treturn s;\n}\n")
    (head,) = cfg.loop_heads(graph)
    assert cfg.live(graph, temporary)[head] == {"n", "s"}
    assert cfg.live(graph, temporary)[0] == {"n"}


def test_arrays_structs_and_what_has_its_address_taken_are_live_from_their_declaration_on() -> None:
    graph = lower(
        "int f(int n)\n{\n\tint i, *q, kept = 0, a[3];\n\tstruct foo foo;\n\ttype_t t;\n\n"
        "\tg(&kept);\n\tt.x = 1;\n\tif (n)\n\t\th();\n\treturn 0;\n}\n"
    )
    entry, *others = cfg.live(graph, temporary)
    assert entry == {"n"}
    assert others
    for names in others:
        assert names == {"kept", "a", "foo", "t"}


def test_places_and_scopes_read() -> None:
    graph = function(
        Block((Assign(Field(Var("p"), "x", True), Var("q"), 0),), Jump(1, 5)),
        Block((ir.ScopeEnd("c", "kfree", 0),), Return(None, 0)),
        names=("p", "q", "c"),
    )
    assert cfg.live(graph, temporary) == [frozenset({"p", "q", "c"}), frozenset({"c"})]
