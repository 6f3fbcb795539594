"""What the engine makes of small functions.

The cases stand in ``cases/*.c``, each under a line that names it: ``/* === NAME */``.  A case is the body of
``int acme(struct device *dev, struct acme_ctx *ctx, int x)``, or whole functions.  A comment at the end of a line names the rule that is
expected to speak there; everything else must stay silent.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from getput.config import Settings
from getput.model import Confidence
from getput.verdict.judge import Judge
from getput_rules import RULES

HEAD = "int acme(struct device *dev, struct acme_ctx *ctx, int x)\n{\n\tstruct device_node *np;\n\tint ret = 0;\n\n"
EXPECTED = re.compile(r"/\* (" + "|".join(rule.id for rule in RULES) + r") \*/")
TITLE = re.compile(r"(?m)^/\* === (.+) \*/\n")
CASES = {
    f"{path.stem}: {name}": text
    for path in sorted((Path(__file__).parent / "cases").glob("*.c"))
    for name, text in zip(*[iter(TITLE.split(path.read_text(encoding="utf-8"))[1:])] * 2, strict=True)
}


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(None, Settings())


def source(case: str) -> str:
    """*case* as a file: a body gets its function around it."""
    text = case.strip("\n") + "\n"
    return text if "\n{\n" in text else HEAD + text + "}\n"


def expected(text: str) -> list[tuple[str, int]]:
    """(rule, line) of every comment that names a rule."""
    return sorted((rule, number) for number, line in enumerate(text.splitlines(), 1) for rule in EXPECTED.findall(line))


def found(judge: Judge, text: str) -> list[tuple[str, int]]:
    """(rule, line) of everything that the rules find in *text* and getput would show."""
    unit = judge.unit(text.encode(), "drivers/acme/acme.c")
    judged = judge.judge(unit, unit.sources, None)
    assert not unit.failures
    return sorted((one.rule, one.line) for one in judged if one.found.confidence.rank >= Confidence.MEDIUM.rank)


@pytest.mark.parametrize("name", CASES)
def test_engine(judge, name):
    text = source(CASES[name])
    assert found(judge, text) == expected(text), text


def test_every_comment_names_a_rule():
    for name, case in CASES.items():
        assert set(re.findall(r"/\* (.*?) \*/", case)) <= {rule.id for rule in RULES}, name


WRAPPED_PUT = b"""\
static void acme_done(struct acme_node *node)
{
	put_device(&node->dev);
}

static struct acme_node *acme_find(int id)
{
	struct device *dev = bus_find_device(&acme_bus_type, NULL, &id, acme_match);

	return dev ? container_of(dev, struct acme_node, dev) : NULL;
}

int acme_down(int id)
{
	struct acme_node *node = acme_find(id);

	if (!node)
		return -ENODEV;
	acme_done(node);
	return 0;
}
"""


def test_what_a_call_drops_is_what_it_works_with(judge):
    unit = judge.unit(WRAPPED_PUT, "drivers/acme/acme.c")
    assert judge.judge(unit, unit.sources, None) == [], "not even in doubt"
    again = WRAPPED_PUT.replace(b"(node);\n\treturn 0", b"(node);\n\tacme_done(node);\n\treturn 0")
    unit = judge.unit(again, "drivers/acme/acme.c")
    assert judge.judge(unit, unit.sources, None)
