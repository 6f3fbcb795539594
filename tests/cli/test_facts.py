"""``--format facts``: what is known of a function before and after a patch."""

from __future__ import annotations

import json

import pytest
from tests.cli.conftest import CLEAN, FILE, LEAKING


def functions(getput, kernel, patch, *options):
    done = getput("check", "--format", "facts", *options, patch, cwd=kernel.top)
    (patch,) = json.loads(done.stdout)["patches"]
    return patch["functions"]


def exits(side):
    (counter,) = side["counters"]
    return [(one["kind"], [(each["owner"], each["count"]) for each in one["objects"]]) for one in counter["exits"]]


def test_who_owns_what_on_which_exit_before_and_after(getput, kernel, leaking):
    (one,) = functions(getput, kernel, leaking)
    assert one["function"] == "demo_read"
    assert [one[side]["file"] for side in ("before", "after")] == [FILE, FILE]
    assert exits(one["before"]) == [("error", []), ("mixed", [("none", [0, 0])])]
    lost = [owner for kind, owner in exits(one["after"]) if ("nobody", [1, 1]) in owner]
    assert len(lost) == 1
    (taken,) = {
        call["by"]
        for each in one["after"]["counters"][0]["exits"]
        for known in each["objects"]
        for call in known["taken"]
    }
    assert taken == "of_find_node_by_path"
    assert len(one["findings"]) == 1


def test_the_findings_are_those_of_json(getput, kernel, leaking):
    (one,) = functions(getput, kernel, leaking)
    said = json.loads(getput("check", "--format", "json", leaking, cwd=kernel.top).stdout)
    assert one["findings"] == [finding["fingerprint"] for finding in said["findings"]]
    (silent,) = functions(getput, kernel, leaking, "--no-rule", "leak-on-error")
    assert silent["findings"] == []
    assert silent["after"] == one["after"]


def test_what_callers_see(getput, kernel, tmp_path):
    path = tmp_path / "get.patch"
    get = """
struct device_node *demo_get(struct device_node *np)
{
	return of_node_get(np);
}

void demo_drop(struct device_node **np)
{
	of_node_put(*np);
}
"""
    path.write_text(kernel.patch(CLEAN + get))
    one, two = functions(getput, kernel, path)
    assert (one["function"], one["before"]) == ("demo_drop", None)
    (counter,) = one["after"]["counters"]
    assert [(effect["does"], effect["target"]) for effect in counter["contract"]] == [("drop", "*argument 0")]
    (counter,) = two["after"]["counters"]
    assert [effect["does"] for effect in counter["contract"]] == ["take"]
    assert {each["owner"] for one in counter["exits"] for each in one["objects"]} == {"returned", "none"}


def test_a_function_without_counts_is_there_too(getput, kernel, tmp_path):
    path = tmp_path / "plain.patch"
    path.write_text(kernel.patch(CLEAN + "\nint demo_two(void)\n{\n\treturn 2;\n}\n"))
    (one,) = functions(getput, kernel, path)
    assert (one["function"], one["after"]["counters"]) == ("demo_two", [])


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_same_bytes_each_time(getput, kernel, leaking, jobs):
    said = {getput("check", "--format", "facts", "--jobs", jobs, leaking, cwd=kernel.top).stdout for _ in range(2)}
    assert len(said) == 1


def test_it_does_not_change_the_findings(getput, kernel, leaking):
    plain = json.loads(getput("check", "--format", "json", "--show", "all", leaking, cwd=kernel.top).stdout)
    (one,) = functions(getput, kernel, leaking, "--show", "all")
    assert one["findings"] == [finding["fingerprint"] for finding in plain["findings"]]
    assert LEAKING != CLEAN
