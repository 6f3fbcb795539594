"""Every finding can be put as a question to the author of a patch, as a mail does."""

from __future__ import annotations

import re

import pytest
from tests.rules.test_fixtures import lay_out, patches

from getput.config import Settings
from getput.patch.series import read_submissions
from getput.report.remarks import asked
from getput.verdict.judge import Judge
from getput_rules import RULES
from getput_rules.wording import QUESTIONS, TEXTS

PLACE = re.compile(r"\bline \d|\.[ch]:\d")


@pytest.fixture(scope="module")
def found(tmp_path_factory, samples):
    """What is introduced by the patches of all samples."""
    top = tmp_path_factory.mktemp("samples")
    lay_out(top, samples)
    judge = Judge(top / "a", Settings())
    inputs = [str(patch) for patch in patches(top, samples)]
    return [one for each in read_submissions(inputs, top / "a", each=True) for one in judge.check(each).findings]


def test_every_incident_has_both():
    assert QUESTIONS.keys() == TEXTS.keys()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_each_rule_asks(found, rule):
    mine = [one for one in found if one.rule == rule.id]
    assert mine
    for one in mine:
        said = asked(one)
        assert "?" in said, one.message
        assert said[0].isalnum() or said[0] in "_*&", said
        assert not PLACE.search(said), said
        assert "{" not in said
