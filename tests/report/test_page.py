"""``--format html``: what stands in the page, whatever a browser makes of it."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from msgspec.structs import replace
from tests.report.page import DEMO, PATCH, SOURCE, Page, getput, side

from getput.model import Exhibit, Extra, Note, Problem, Status, Suppressed
from getput.report import FORMATS, Look
from getput.report.page import LAZY, OPEN, render

EVIL = '</script></style></noscript><script>alert(1)</script><img src=x onerror="alert(2)">\'"&amp;<!--]]>'


@pytest.fixture(scope="module")
def demo():
    return getput("check", "--tree", DEMO, "--format", "html", PATCH)


def exhibited(finding, **changes):
    """A finding with two sides."""
    before = side(notes=(), changed=(14,))
    return finding(exhibit=Exhibit("after", before, side(changed=(13, 14))), **changes)


def page_of(*answers):
    return "".join(render(answers, Look()))


def lines_of(page: Page):
    """The lines of source: (number, count, classes)."""
    return [(one["data-n"], text, one["class"].split()) for one, text in page.all("div", class_="l") if "data-n" in one]


# --- a real patch ----------------------------------------------------------------------------------------------------


def test_the_page_is_whole_and_alone(demo):
    page = Page(demo)
    assert page.broken == []
    assert demo.startswith("<!doctype html>")
    for _, attributes, _ in page.elements:
        assert not {"src", "srcset", "data", "action", "background", "poster"} & attributes.keys()
        assert attributes.get("href", "#").startswith("#")
        assert not any(name.startswith("on") for name in attributes)
    assert "url(" not in demo
    assert "@import" not in demo


def test_the_policy_lets_the_own_script_run_and_no_other(demo):
    page = Page(demo)
    (script,) = [text for _, text in page.all("script")]
    told = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = [one["content"] for one, _ in page.all("meta") if one.get("http-equiv") == "Content-Security-Policy"]
    assert f"script-src 'sha256-{told}'" in policy
    assert policy.startswith("default-src 'none'")


def test_the_same_bytes_each_time(demo):
    for jobs in (1, 2):
        assert getput("check", "--tree", DEMO, "--format", "html", "--jobs", jobs, PATCH) == demo


def test_the_way_and_its_counts_stand_beside_the_source(demo):
    page = Page(demo)
    lines = lines_of(page)
    lost = [(number, text) for number, text, classes in lines if "x" in classes]
    assert len(lost) == 1
    assert lost[0][0] == "28"
    assert lost[0][1].startswith("1\t\treturn ret;")
    assert "lost here: left with a count of 1" in lost[0][1]
    puts = [text for _, text, classes in lines if "d" in classes]
    assert [text.partition(";")[0] for text in puts] == ["0\tof_node_put(np)"], "before the patch the way drops it"
    takes = [text for _, text, classes in lines if "t" in classes]
    assert [text[:3] for text in takes] == ["0/1", "0/1"]
    chips = [text for _, text in page.all("i")]
    assert chips == ["not taken", "not taken", "taken"]


def test_both_images_stand_side_by_side_with_what_the_patch_changed(demo):
    page = Page(demo)
    lines = lines_of(page)
    added = [int(number) for number, _, classes in lines if "add" in classes]
    removed = [int(number) for number, _, classes in lines if "del" in classes]
    assert added == [26, 27, 28, 29, 30, 31, 34]
    assert removed == [28]
    assert len(page.all("svg", role="img")) == 2
    assert all(one["aria-label"] for one, _ in page.all("svg"))


def test_the_facts_of_a_finding(demo):
    page = Page(demo)
    text = " ".join(text for _, text in page.all("dl", class_="facts"))
    fingerprint = re.search(r"Fingerprint([0-9a-f]{16})", text.replace(" ", ""))
    assert fingerprint
    assert page.all("li", id=f"f-{fingerprint.group(1)}")
    assert "acme-power.c:28" in text
    assert f'getput suppress {fingerprint.group(1)} --reason "..."' in [text for _, text in page.all("pre")]
    (doc,) = page.all("div", id="rule-leak-on-error")
    assert "centralized exiting" in doc[1].lower()
    links = [one["href"] for one, _ in page.all("a")]
    assert "#rule-leak-on-error" in links
    idents = [one["id"] for _, one, _ in page.elements if "id" in one]
    assert len(idents) == len(set(idents))
    assert all(link[1:] in idents for link in links)


def test_a_function_that_the_patch_adds_stands_alone(tmp_path):
    (tmp_path / "new.patch").write_text(
        "diff --git a/a.c b/a.c\nnew file mode 100644\n--- /dev/null\n+++ b/a.c\n@@ -0,0 +1,9 @@\n"
        '+int f(void)\n+{\n+\tstruct device_node *np = of_find_node_by_path("/x");\n+\n+\tif (g())\n+\t\treturn -EIO;\n'
        "+\tof_node_put(np);\n+\treturn 0;\n+}\n"
    )
    page = Page(getput("check", "--tree", tmp_path, "--format", "html", "new.patch", cwd=tmp_path))
    assert page.all("div", class_="one")
    assert not page.all("div", class_="two")
    assert not page.all("fieldset", class_="view")
    assert len(lines_of(page)) == 9


@pytest.mark.parametrize("options", [("--no-index",), ()])
def test_what_stands_in_a_tree(tmp_path, options):
    source = (
        (DEMO / "drivers/soc/acme/acme-power.c")
        .read_text()
        .replace("\tof_node_put(np);\n", "\tif (ret)\n\t\treturn ret;\n\tof_node_put(np);\n", 1)
    )
    (tmp_path / "drivers").mkdir()
    (tmp_path / "drivers/power.c").write_text(source)
    html = getput("scan", "--tree", tmp_path, "--format", "html", *options, cwd=tmp_path)
    page = Page(html)
    assert page.broken == []
    assert [one["data-status"] for one, _ in page.all("li", class_="f")] == ["existing"]
    lost = [text for _, text, classes in lines_of(page) if "x" in classes]
    assert ["lost here: left with a count of 1" in text for text in lost] == [True]
    assert getput("scan", "--tree", tmp_path, "--format", "html", *options, "--jobs", 1, cwd=tmp_path) == html


def test_a_file_beside_the_tree(tmp_path):
    (tmp_path / "tree").mkdir()
    (tmp_path / "beside.c").write_text(
        'int f(void)\n{\n\tstruct device_node *np = of_find_node_by_path("/x");\n\n'
        "\tif (g())\n\t\treturn -EIO;\n\tof_node_put(np);\n\treturn 0;\n}\n"
    )
    page = Page(getput("scan", "--tree", "tree", "--format", "html", "beside.c", cwd=tmp_path))
    assert [number for number, _, classes in lines_of(page) if "x" in classes] == ["6"]
    assert not page.all("li", class_="bad")


def test_other_formats_need_no_exhibits():
    assert [name for name, form in FORMATS.items() if Extra.EXHIBITS in form.needs] == ["html"]


# --- any answer ------------------------------------------------------------------------------------------------------


def test_a_hostile_patch_stays_text(a_finding, an_answer):
    evil = side(
        file=EVIL,
        lines=tuple(EVIL for _ in SOURCE),
        notes=(Note(12, "take", EVIL), Note(13, "true", EVIL), Note(14, "lost", EVIL)),
    )
    one = a_finding(
        file=EVIL,
        function=EVIL,
        object=EVIL,
        family=EVIL,
        message=EVIL,
        fix=f"+{EVIL}\n-{EVIL}\n@@ {EVIL}",
        rule=EVIL,
        fingerprint=EVIL,
    )
    one = replace(
        one,
        exhibit=Exhibit("after", evil, evil),
        path=tuple(replace(step, file=EVIL, note=EVIL, text=EVIL) for step in one.path),
        anchor=replace(one.anchor, file=EVIL, text=EVIL),
    )
    for count in (1, 2, LAZY + 1):
        answer = an_answer(*[replace(one, line=line) for line in range(count)], input=EVIL)
        answer = replace(
            answer,
            patches=tuple(replace(patch, subject=EVIL) for patch in answer.patches * 2),
            errors=(Problem(EVIL, EVIL),),
            notes=(Problem(EVIL, EVIL),),
        )
        html = page_of(answer)
        for scripts in (False, True):
            page = Page(html, scripts=scripts)
            assert page.broken == []
            assert len(page.all("script")) == 1
            assert not page.all("img")
            assert not [name for _, one, _ in page.elements for name in one if name.startswith("on")]
        for inside in [text for _, text in Page(html, scripts=True).all("noscript")]:
            lazy = Page(inside)
            assert lazy.broken == []
            assert not lazy.all("script")
            assert not lazy.all("img")
        if count == 1:
            assert sum("alert(1)" in text for _, text, _ in lines_of(page)) == 2 * len(SOURCE)


def test_control_characters_are_written_out(a_finding, an_answer):
    strange = side(lines=("a\x1b[31m\u202e\udcff\x00b", *SOURCE[1:]))
    html = page_of(an_answer(a_finding(exhibit=Exhibit("after", None, strange))))
    assert "a\\x1b[31m\\u202e\\xff\\x00b" in html
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\u202a-\u202e]", html)
    html.encode()


def test_a_long_function_is_folded_and_complete(a_finding, an_answer):
    lines = tuple(f"\tstep({number});" for number in range(500))
    whole = side(
        first=1,
        lines=lines,
        way=tuple(range(2, 301)),
        counts=((200, "1"),),
        held=(200,),
        notes=(Note(300, "lost", "here"),),
    )
    page = Page(page_of(an_answer(a_finding(exhibit=Exhibit("after", None, whole)))))
    assert [int(number) for number, _, _ in lines_of(page)] == list(range(1, 501))
    folds = [text for _, text in page.all("summary") if "lines" in text]
    assert folds == ["192 lines, passed on the way", "93 lines, passed on the way", "197 lines"]


def test_the_fix_is_a_diff(a_finding, an_answer):
    page = Page(
        page_of(an_answer(a_finding(fix="--- a/x.c\n+++ b/x.c\n@@ -1,2 +1,3 @@\n ret = 1;\n+put(np);\n-gone();\n")))
    )
    (diff,) = page.all("pre", class_="diff")
    assert diff[1] == "--- a/x.c\n+++ b/x.c\n@@ -1,2 +1,3 @@\n ret = 1;\n+put(np);\n-gone();\n"
    assert [text for _, text in page.all("span", class_="add")] == ["+put(np);\n"]
    assert [text for _, text in page.all("span", class_="del")] == ["-gone();\n"]
    assert not Page(page_of(an_answer(a_finding()))).all("pre", class_="diff")


def test_without_an_exhibit_the_steps_are_told(a_finding, an_answer):
    page = Page(page_of(an_answer(a_finding())))
    steps = [text for _, text in page.all("ol", class_="steps")]
    assert "of_get_parent() takes the reference" in steps[0]
    assert not page.all("div", class_="code")


def test_what_lies_elsewhere_is_told_beside_the_source(a_finding, an_answer):
    one = exhibited(a_finding)
    beyond = replace(one.path[0], file="drivers/demo/other.c", line=77)
    page = Page(page_of(an_answer(replace(one, path=(beyond, *one.path)))))
    (steps,) = page.all("ol", class_="steps")
    assert "drivers/demo/other.c:77" in steps[1]
    assert "demo.c:8" in steps[1], "the function begins below"
    assert "demo.c:14" not in steps[1]


def test_the_list_and_its_filters(a_finding, an_answer):
    found = [
        exhibited(a_finding),
        exhibited(a_finding, rule="put-too-many", family="device", fingerprint="1"),
        exhibited(a_finding, status=Status.FIXED, file="fs/ext4/inode.c", fingerprint="2"),
    ]
    page = Page(page_of(an_answer(*found)))
    items = page.all("li", class_="f")
    assert [one["data-place"] for one, _ in items] == ["drivers/demo", "drivers/demo", "fs/ext4"]
    assert [one["name"] for one, _ in page.all("select")] == ["rule", "family", "status", "place"]
    options = [text for one, text in page.all("option") if one["value"]]
    assert options == [
        "leak-on-error (2)", "put-too-many (1)", "of_node (2)", "device (1)", "introduced (2)", "fixed (1)", "drivers/demo (2)", "fs/ext4 (1)",
    ]  # fmt: skip
    assert not Page(page_of(an_answer(found[0]))).all("form"), "one finding needs no filter"


def test_few_are_open_and_many_wait(a_finding, an_answer):
    def page(count, *, scripts=True):
        found = [exhibited(a_finding, fingerprint=f"{number:x}") for number in range(count)]
        return Page(page_of(an_answer(*found)), scripts=scripts)

    def opened(page):
        return [("open" in one) for one, text in page.all("details") if text.startswith(SUMMARY)]

    assert opened(page(OPEN)) == [True] * OPEN
    assert opened(page(OPEN + 1)) == [False] * (OPEN + 1)
    assert not page(LAZY - 1).all("noscript")
    many = page(LAZY)
    assert len(many.all("noscript")) == LAZY
    assert not lines_of(many), "for a browser with scripts, what waits is text"
    assert len(lines_of(page(LAZY, scripts=False))) == LAZY * 2 * len(SOURCE), "for one without, it is there"


SUMMARY = "np is not put on this error exit"


def test_two_answers_in_one_page(a_finding, an_answer):
    html = page_of(an_answer(exhibited(a_finding)), an_answer(exhibited(a_finding), input="0002-other.patch"))
    page = Page(html)
    idents = [one["id"] for one, _ in page.all("li", class_="f")]
    assert len(set(idents)) == 2
    assert [text for _, text in page.all("h1")] == ["0001-demo.patch + 0002-other.patch"]
    assert sum("0002-other.patch" in text for _, text in page.all("dl", class_="facts")) == 1


def test_nothing_found(an_answer):
    page = Page(page_of(an_answer()))
    assert "No findings" in [text for _, text in page.all("p", class_="overview")]
    assert page.broken == []


def test_what_could_not_be_judged_is_said(an_answer):
    page = Page(page_of(an_answer(errors=(Problem("0001.patch", "hunk 3 does not apply"),))))
    assert [text for _, text in page.all("li", class_="bad")] == ["0001.patch: hunk 3 does not apply"]


def test_a_hostile_patch_from_the_command(tmp_path):
    evil = "</script><img src=x onerror=alert(1)>"
    (tmp_path / "evil.patch").write_text(
        f"From: A <a@example.org>\nSubject: [PATCH] {evil}\n\n---\ndiff --git a/a.c b/a.c\nnew file mode 100644\n--- /dev/null\n+++ b/a.c\n"
        f'@@ -0,0 +1,9 @@\n+int f(void)\n+{{\n+\tstruct device_node *np = of_find_node_by_path("{evil}");\n+\n'
        f"+\tif (g()) /* {evil} */\n+\t\treturn -EIO;\n+\tof_node_put(np);\n+\treturn 0;\n+}}\n"
    )
    page = Page(getput("check", "--tree", tmp_path, "--format", "html", "evil.patch", cwd=tmp_path))
    assert page.broken == []
    assert not page.all("img")
    assert len(page.all("script")) == 1
    assert len([text for _, text, _ in lines_of(page) if evil in text]) == 2
    assert any("</script><img" in text for _, text in page.all("svg")), "the picture has it too, as text"
    assert any(evil in text for _, text in page.all("ol", class_="patches"))


def test_what_is_suppressed_is_there_when_asked_for(a_finding, an_answer):
    hidden = exhibited(a_finding, line=3, fingerprint="2", suppressed=Suppressed("it is kept", "2027-01-31"))
    answer = an_answer(exhibited(a_finding), suppressed=(hidden,))
    assert len(Page(page_of(answer)).all("li", class_="f")) == 1
    page = Page("".join(render([answer], Look(suppressed=True))))
    assert [one["id"] for one, _ in page.all("li", class_="f")] == ["f-2", "f-0123456789abcdef"]
    assert [text for _, text in page.all("span", class_="introduced")] == ["introduced, suppressed", "introduced"]
    assert "Suppressedit is kept, until 2027-01-31" in page.all("dl", class_="facts")[0][1]
