"""Facts for programs that review: keys, their order, and what belongs to which patch."""

from __future__ import annotations

import json

from msgspec.structs import replace

from getput.model import Call, CounterFacts, EffectFacts, ExitFacts, FunctionFacts, ObjectFacts, Problem, SideFacts
from getput.report import FORMATS, Look

FILE = "drivers/demo/demo.c"
OBJECT = ObjectFacts(
    "np",
    "of_node",
    "local",
    0,
    1,
    "nobody",
    ("node",),
    (Call("of_get_parent", 8),),
    (Call("of_node_put", 9),),
    ("use",),
)
SIDE = SideFacts(
    FILE,
    6,
    17,
    "int",
    (
        CounterFacts(
            "of_node",
            False,
            (EffectFacts("take", "argument 0->np", "of_node", ("zero",)),),
            (ExitFacts(14, "error", ("negative",), (OBJECT,)),),
        ),
    ),
)


def said(answer):
    return json.loads("".join(FORMATS["facts"].render([answer], Look())))


def facts(an_answer, *findings, **changes):
    one = replace(FunctionFacts(0, "demo_read", None, SIDE), **changes)
    return an_answer(*findings, facts=(one,), errors=(Problem("x", "y"),))


def test_the_keys_and_their_order(an_answer, a_finding):
    whole = said(facts(an_answer, a_finding()))
    assert list(whole) == ["schema", "getput", "input", "patches", "errors"]
    (patch,) = whole["patches"]
    assert list(patch) == ["subject", "message_id", "commit", "applied", "functions"]
    (function,) = patch["functions"]
    assert list(function) == ["function", "before", "after", "findings"]
    assert function["before"] is None
    assert list(function["after"]) == ["file", "line", "last_line", "returns", "problem", "counters"]
    (counter,) = function["after"]["counters"]
    assert list(counter) == ["counter", "bounded", "contract", "exits"]
    assert counter["contract"] == [{"does": "take", "target": "argument 0->np", "family": "of_node", "when": ["zero"]}]
    (one,) = counter["exits"]
    assert list(one) == ["line", "kind", "returns", "objects"]
    assert one["objects"] == [
        {
            "object": "np",
            "family": "of_node",
            "role": "local",
            "count": [0, 1],
            "owner": "nobody",
            "stored_in": ["node"],
            "taken": [{"by": "of_get_parent", "line": 8}],
            "dropped": [{"by": "of_node_put", "line": 9}],
            "passed_to": ["use"],
        }
    ]
    assert whole["errors"] == [{"where": "x", "message": "y"}]


def test_findings_are_named_and_not_told(an_answer, a_finding):
    found = facts(an_answer, a_finding(), a_finding(function="other"), a_finding(file="other.c"), a_finding(patch=1))
    assert said(found)["patches"][0]["functions"][0]["findings"] == ["0123456789abcdef"]
    assert "not put" not in json.dumps(said(found))


def test_each_patch_has_its_own(an_answer):
    found = facts(an_answer, patch=1)
    found = replace(found, patches=found.patches * 2)
    assert [len(patch["functions"]) for patch in said(found)["patches"]] == [0, 1]


def test_what_is_not_known_is_null(an_answer):
    unknown = replace(SIDE, counters=(replace(SIDE.counters[0], contract=None),), problem="cannot be read")
    (function,) = said(facts(an_answer, before=unknown, after=None))["patches"][0]["functions"]
    assert function["before"]["counters"][0]["contract"] is None
    assert function["before"]["problem"] == "cannot be read"
    assert function["after"] is None
