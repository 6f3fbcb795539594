"""Which findings of two images are the same bug."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from getput.model import Confidence, Severity
from getput.ownership.view import Found
from getput.verdict.compare import compare
from getput.verdict.place import Judged


def leak(
    function: str = "acme_probe",
    rule: str = "leak-on-error",
    *,
    name: str = "np",
    family: str = "of_node",
    role: str = "local",
    api: str = "of_parse_phandle",
    out: str = "error",
    line: int = 10,
) -> Judged:
    """A finding, everything that tells it from others by name."""
    found = Found(name, family, role, api, out, line * 20, "lost", Confidence.HIGH, ())
    return Judged(rule, Severity.WARNING, found, function, "drivers/acme/acme.c", line, 3, ())


def test_only_after_is_introduced():
    new = leak()
    assert compare([], [new]) == ([new], [], [])


def test_only_before_is_fixed():
    old = leak()
    assert compare([old], []) == ([], [old], [])


def test_what_moved_into_a_new_function_is_existing():
    old, new = leak(), leak("acme_probe_common")
    assert compare([old], [new], (["acme_probe"], ["acme_probe", "acme_probe_common"])) == ([], [], [(old, new)])


def test_what_came_back_from_a_function_that_is_gone_is_existing():
    old, new = leak("acme_probe_common"), leak()
    assert compare([old], [new], (["acme_probe", "acme_probe_common"], ["acme_probe"])) == ([], [], [(old, new)])


def test_two_functions_that_stand_in_both_images_do_not_answer_for_each_other():
    old, new = leak("acme_remove"), leak()
    names = ["acme_probe", "acme_remove"]
    assert compare([old], [new], (names, names)) == ([new], [old], [])


def test_both_is_existing_wherever_it_stands_now():
    old, new = leak(line=10), leak(line=80)
    assert compare([old], [new]) == ([], [], [(old, new)])


def test_another_name_for_the_variable_is_the_same_bug():
    old, new = leak(name="np"), leak(name="node")
    assert compare([old], [new]) == ([], [], [(old, new)])


def test_another_kind_of_exit_is_the_same_bug():
    old, new = leak(out="error"), leak(out="success")
    assert compare([old], [new]) == ([], [], [(old, new)])


def test_another_getter_of_the_family_is_the_same_bug():
    old, new = leak(api="of_parse_phandle"), leak(api="of_find_node_by_path")
    assert compare([old], [new]) == ([], [], [(old, new)])


def test_a_leak_told_by_another_rule_is_the_same_bug():
    old, new = leak(rule="leak-always", out="always"), leak(rule="leak-on-error", out="error")
    assert compare([old], [new]) == ([], [], [(old, new)])


def test_a_leak_and_a_put_too_many_are_two_bugs():
    old, new = leak(), leak(rule="put-too-many", out="over-put")
    assert compare([old], [new]) == ([new], [old], [])


def test_another_function_is_another_bug():
    old, new = leak("acme_probe"), leak("acme_open")
    assert compare([old], [new]) == ([new], [old], [])


def test_another_family_is_another_bug():
    old, new = leak(), leak(family="device", api="get_device")
    assert compare([old], [new]) == ([new], [old], [])


def test_the_object_decides_between_two_alike():
    first, second = leak(name="a"), leak(name="b")
    moved = leak(name="b", line=3)
    assert compare([first, second], [moved]) == ([], [first], [(second, moved)])


def test_one_more_of_the_same_is_introduced():
    old, same, new = leak(line=10), leak(line=10), leak(line=20)
    introduced, fixed, existing = compare([old], [same, new])
    assert (introduced, fixed, existing) == ([new], [], [(old, same)])


def test_one_of_two_alike_is_fixed():
    kept, gone = leak(line=10), leak(line=20)
    introduced, fixed, existing = compare([kept, gone], [leak(line=10)])
    assert introduced == []
    assert fixed == [gone]
    assert [old for old, _ in existing] == [kept]


def test_a_strict_match_is_not_taken_by_a_looser_one():
    other, same = leak(name="a", api="of_get_parent"), leak(name="b")
    new = leak(name="b")
    assert compare([other, same], [new]) == ([], [other], [(same, new)])


def test_the_answer_keeps_the_order_of_the_images():
    new = [leak(f"acme_{name}") for name in "cab"]
    old = [leak(f"old_{name}") for name in "cab"]
    assert compare(old, new) == (new, old, [])


FINDINGS = st.lists(
    st.builds(
        leak,
        st.sampled_from(["acme_probe", "acme_open"]),
        st.sampled_from(["leak-on-error", "leak-always", "put-too-many"]),
        name=st.sampled_from(["np", "node"]),
        api=st.sampled_from(["of_parse_phandle", "of_get_parent"]),
        out=st.sampled_from(["error", "success"]),
        role=st.sampled_from(["local", "param"]),
        line=st.integers(1, 4),
    ),
    max_size=8,
)


@settings(deadline=None)
@given(findings=FINDINGS)
def test_an_image_against_itself(findings):
    introduced, fixed, existing = compare(findings, list(findings))
    assert introduced == fixed == []
    assert len(existing) == len(findings)


@settings(deadline=None)
@given(before=FINDINGS, after=FINDINGS)
def test_every_finding_is_in_one_heap(before, after):
    introduced, fixed, existing = compare(before, after)
    places = [(one.function, one.line, one.found) for one in (*introduced, *[new for _, new in existing])]
    assert sorted(places, key=repr) == sorted(((one.function, one.line, one.found) for one in after), key=repr)
    assert len(fixed) + len(existing) == len(before)
    assert all(old.group == new.group for old, new in existing)


@settings(deadline=None)
@given(before=FINDINGS, after=FINDINGS)
def test_backwards_what_was_introduced_is_fixed(before, after):
    introduced, fixed, existing = compare(before, after)
    back = compare(after, before)
    assert (len(back[0]), len(back[1]), len(back[2])) == (len(fixed), len(introduced), len(existing))


@settings(deadline=None)
@given(before=FINDINGS, after=FINDINGS)
def test_nothing_is_both_introduced_and_fixed(before, after):
    introduced, fixed, _ = compare(before, after)
    assert not {one.keys[4] for one in introduced} & {one.keys[4] for one in fixed}
