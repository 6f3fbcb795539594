"""Replies, read again by Python's own mail parser."""

from __future__ import annotations

import email
import email.policy
import mailbox

import pytest
from msgspec.structs import replace

from getput.model import Anchor, Hunk, Section, Status, Step
from getput.report import FORMATS, Look

ASKED = "Does this error exit leak the reference on np taken by of_get_parent()?"


def rendered(*answers):
    return "".join(FORMATS["mail"].render(answers, Look()))


def reply(*answers):
    data = rendered(*answers).encode("utf-8", "surrogateescape")
    return email.message_from_bytes(data, policy=email.policy.default)


def body(message):
    return message.get_payload(decode=True).decode("utf-8", "surrogateescape")


@pytest.fixture
def asked(a_finding):
    return a_finding(question=ASKED)


def test_a_whole_reply(mailed, asked):
    assert (
        rendered(mailed(asked))
        == """\
To: "A. Developer" <dev@example.org>
Cc: list@example.org,
\tB <b@example.org>
Subject: Re: demo: read more
In-Reply-To: <1@example.org>
References: <1@example.org>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

On Mon, 5 Jan 2026 10:00:00 +0000, A. Developer wrote:
> diff --git a/drivers/demo/demo.c b/drivers/demo/demo.c
> index 1111111..2222222 100644
> --- a/drivers/demo/demo.c
> +++ b/drivers/demo/demo.c
> @@ -10,7 +10,8 @@ int demo_read(struct device *dev, u32 *value)
>  \t\treturn -ENODEV;
>  \n\
>  \tret = of_property_read_u32(np, "value", value);
> +\tif (ret)

Does this error exit leak the reference on np taken by of_get_parent()?

The way there, in demo_read():

    np = of_get_parent(dev->of_node);
        /* of_get_parent() takes the reference */
    return ret;  /* this exit leaves it */

"""
    )


def test_nothing_of_a_clean_patch_nor_of_what_stood_there(mailed, asked):
    assert rendered(mailed()) == ""
    assert rendered(mailed(replace(asked, status=Status.EXISTING), replace(asked, status=Status.FIXED))) == ""
    assert rendered() == ""


def test_the_thread_goes_on(mailed, asked, a_letter):
    headers = {**a_letter().headers, "references": "<a@x> <b@x>", "in-reply-to": "<b@x>"}
    message = reply(mailed(asked, headers=headers))
    assert message["In-Reply-To"] == "<1@example.org>"
    assert message["References"].split() == ["<a@x>", "<b@x>", "<1@example.org>"]
    headers = {**a_letter().headers, "in-reply-to": "<b@x> (somebody) <c@x>"}
    assert reply(mailed(asked, headers=headers))["References"].split() == ["<b@x>", "<1@example.org>"]


def test_everybody_once(mailed, asked, a_letter):
    headers = {
        **a_letter().headers,
        "reply-to": "Me <me@example.org>",
        "to": "DEV@example.org, x@example.org",
        "cc": 'x@example.org, me@EXAMPLE.org, "C, D" <c@example.org>',
    }
    message = reply(mailed(asked, headers=headers))
    assert message["To"] == "Me <me@example.org>"
    assert [one.addr_spec for one in message["Cc"].addresses] == ["DEV@example.org", "x@example.org", "c@example.org"]
    assert message["Cc"].addresses[2].display_name == "C, D"


@pytest.mark.parametrize("name", ["J\u00f6rg M\u00fcller", "=?utf-8?q?J=C3=B6rg_M=C3=BCller?="])
def test_names_that_are_no_ascii(mailed, asked, a_letter, name):
    text = rendered(mailed(asked, headers={**a_letter().headers, "from": f"{name} <j@example.org>"}))
    head = text.partition("\n\n")[0]
    assert head.isascii()
    assert reply(mailed(asked, headers={**a_letter().headers, "from": f"{name} <j@example.org>"}))["To"] == (
        "J\u00f6rg M\u00fcller <j@example.org>"
    )
    assert "J\u00f6rg M\u00fcller wrote:" in text


def test_no_header_begins_in_a_header(mailed, asked, a_letter):
    evil = "=?utf-8?q?x=0ABcc=3A_all=40example=2Eorg=0A?= <x@example.org>"
    message = reply(mailed(asked, headers={**a_letter().headers, "from": evil, "cc": "a\nBcc: b@example.org"}))
    assert message["Bcc"] is None
    found = mailed(asked)
    patch = replace(found.patches[0], subject="a\nBcc: b@example.org")
    assert reply(replace(found, patches=(patch,)))["Bcc"] is None


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("[PATCH v2 1/3] demo: x", "Re: [PATCH v2 1/3] demo: x"),
        ("RE: demo: x", "RE: demo: x"),
        ("demo: " + "long words " * 12, "Re: demo: " + "long words " * 11 + "long words"),
        ("demo: gr\u00fcn", "Re: demo: gr\u00fcn"),
    ],
)
def test_the_subject(mailed, asked, subject, said):
    found = mailed(asked)
    found = replace(found, patches=(replace(found.patches[0], subject=subject),))
    assert reply(found)["Subject"] == said
    assert all(len(line) <= 78 for line in rendered(found).partition("\n\n")[0].split("\n"))


def test_a_removed_line_is_asked_below(mailed, asked):
    lines = body(reply(mailed(replace(asked, anchor=Anchor("drivers/demo/demo.c", 13, "before"))))).split("\n")
    assert lines[lines.index(ASKED) - 2] == "> -\tof_node_put(np);"


def test_two_remarks_and_what_is_snipped(mailed, asked, a_letter):
    more = [f" \tline {number};" for number in range(40)]
    lines = [*a_letter().lines[:16], *more, "+\tput(np);", "--", "2.40"]
    section = Section(4, "drivers/demo/demo.c", "drivers/demo/demo.c", (Hunk(8, 57, 10, 10),))
    other = replace(asked, anchor=Anchor("drivers/demo/demo.c", 56, "after"), question="And this?", path=())
    text = body(reply(mailed(asked, other, lines=tuple(lines), sections=(section,)))).split("\n")
    assert text[text.index("And this?") - 2] == "> +\tput(np);"
    assert text.count("[ ... ]") == 1
    assert text.index(ASKED) < text.index("[ ... ]") < text.index("And this?")


def test_what_is_quoted_and_what_is_snipped_line_by_line(mailed, asked):
    head = ["diff --git a/x.c b/x.c", "--- a/x.c", "+++ b/x.c"]
    hunks = [
        "@@ -1 +1 @@",
        "-a",
        "@@ -20,20 +20,20 @@ f()",
        *(f" c{number}" for number in range(20)),
        "+d",
        "@@ -60 +60 @@",
        "+e",
        "+f",
    ]
    section = Section(0, "x.c", "x.c", (Hunk(3, 5, 1, 1), Hunk(5, 27, 20, 20), Hunk(27, 30, 60, 60)))
    way = (Step("x.c", 24, 1, "taken", "c4"), Step("x.c", 40, 1, "left", "d"))
    first = replace(asked, file="x.c", anchor=Anchor("x.c", 40, "after"), question="One?", path=way)
    second = replace(first, anchor=Anchor("x.c", 60, "after"), question="Two?", path=(Step("x.c", 60, 1, "here", "e"),))
    text = body(reply(mailed(first, second, lines=(*head, *hunks), sections=(section,), headers={})))
    assert text.split("\n") == [
        *(f"> {line}" for line in head),
        "[ ... ]",
        "> @@ -20,20 +20,20 @@ f()",
        "[ ... ]",
        *(f">  c{number}" for number in (3, 4, 5)),
        "[ ... ]",
        *(f">  c{number}" for number in range(13, 20)),
        "> +d",
        "",
        "One?",
        "",
        "The way there, in demo_read():",
        "",
        "    c4  /* taken */",
        "    d  /* left */",
        "",
        "> @@ -60 +60 @@",
        "> +e",
        "",
        "Two?",
        "",
        "",
    ]


@pytest.mark.parametrize("gap", [False, True])
def test_files_that_follow_each_other(mailed, asked, gap):
    one, two = (["diff --git a/{0} b/{0}", "@@ -1 +1 @@", "+d"], ["diff --git a/y.c b/y.c", "@@ -1 +1 @@", "+d"])
    lines = [*one, *[" more"] * gap, *two]
    sections = (
        Section(0, "x.c", "x.c", (Hunk(1, 3 + gap, 1, 1),)),
        Section(3 + gap, "y.c", "y.c", (Hunk(4 + gap, 6 + gap, 1, 1),)),
    )
    found = [
        replace(asked, file=file, anchor=Anchor(file, 1, "after"), path=(), question=f"{file}?")
        for file in ("x.c", "y.c")
    ]
    text = body(reply(mailed(*found, lines=tuple(lines), sections=sections, headers={}))).split("\n")
    middle = ["", "[ ... ]", ""] if gap else [""]
    quotes = [f"> {line}" for line in one], [f"> {line}" for line in two]
    assert text == [*quotes[0], "", "x.c?", *middle, *quotes[1], "", "y.c?", "", ""]


def test_prose_is_wrapped_and_quotes_are_not(mailed, asked, a_letter):
    wide = "+\t" + "x" * 200 + ";"
    lines = [*a_letter().lines[:11], wide, *a_letter().lines[12:]]
    way = (Step("drivers/demo/demo.c", 8, 1, "taken " * 30, "\t" + "y(" * 100), *asked.path)
    text = body(reply(mailed(replace(asked, question="Is it so? " * 30, path=way), lines=tuple(lines)))).split("\n")
    assert f"> {wide}" in text
    assert all(len(line) <= 78 for line in text if not line.startswith(">"))


def test_prose_is_never_taken_for_a_quote(mailed, asked):
    lines = body(reply(mailed(replace(asked, question="a " + "> b" * 60 + " ?")))).split("\n")
    quoted = [line for line in lines if line.startswith(">")]
    assert len(quoted) == 9
    assert all(len(line) <= 78 for line in lines)


def test_no_line_numbers(mailed, a_finding):
    found = a_finding(message="x() must change (drivers/a.c:12) too (line 14)", path=())
    text = body(reply(mailed(found)))
    assert "Could it be that x() must change too?" in text.replace("\n", " ")


def test_a_way_that_is_only_the_quoted_line_is_not_repeated(mailed, asked):
    way = (Step("drivers/demo/demo.c", 13, 1, "the reference is taken here by x()", "\tif (ret)"),)
    assert "The way there" not in body(reply(mailed(replace(asked, path=way))))


@pytest.mark.parametrize("odd", ["\udcfc", "\x1b[2J", "\x0c", "x\r", "\u202e", "z" * 2000])
def test_whatever_is_quoted_arrives_byte_for_byte(mailed, asked, a_letter, odd):
    line = f'+\tprintk("{odd}");'
    lines = [*a_letter().lines[:11], line, *a_letter().lines[12:]]
    text = rendered(mailed(asked, lines=tuple(lines)))
    assert max(map(len, text.split("\n"))) < 998
    assert not set("\x1b\x0c\r\u202e") & set(text)
    message = reply(mailed(asked, lines=tuple(lines)))
    assert message["Content-Transfer-Encoding"] == "quoted-printable"
    assert f"> {line}" in body(message).split("\n")


def test_utf8_goes_as_it_is(mailed, asked, a_letter):
    lines = [*a_letter().lines[:11], "+/* gr\u00fcn */", *a_letter().lines[12:]]
    message = reply(mailed(asked, lines=tuple(lines)))
    assert (message["Content-Transfer-Encoding"], message.get_content_charset()) == ("8bit", "utf-8")
    assert "> +/* gr\u00fcn */" in body(message)


def test_several_are_an_mbox(mailed, asked, tmp_path):
    other = replace(asked, question="From here, is it lost?", path=())
    box = tmp_path / "replies.mbox"
    box.write_text(rendered(mailed(asked), mailed(), mailed(other)))
    messages = list(mailbox.mbox(box))
    assert [message["Subject"] for message in messages] == ["Re: demo: read more"] * 2
    assert ASKED in messages[0].get_payload()
    assert ">From here, is it lost?" in messages[1].get_payload()
    assert messages[1].get_payload().endswith(">From here, is it lost?\n\n")


def test_a_bare_diff_has_nobody_to_be_sent_to(mailed, asked):
    found = mailed(asked, headers={})
    found = replace(found, patches=(replace(found.patches[0], subject="", message_id=None),))
    message = reply(found)
    assert (message["To"], message["Cc"], message["In-Reply-To"], message["References"]) == (None,) * 4
    assert message["Subject"] == "Re: the patch in 0001-demo.patch"
    assert body(message).startswith("> diff --git ")


def test_the_mail_of_a_commit_is_known_by_its_link(mailed, asked):
    found = mailed(asked, headers={"from": "A <dev@example.org>", "date": "Mon, 5 Jan 2026 10:00:00 +0000"})
    commit = replace(found.patches[0], message_id=None, commit="1" * 40)
    linked = replace(commit, message="More.\n\nLink: https://patch.msgid.link/2%40example@example.org\n")
    assert reply(replace(found, patches=(commit,)))["In-Reply-To"] is None
    assert reply(replace(found, patches=(linked,)))["In-Reply-To"] == "<2@example@example.org>"
    elsewhere = replace(commit, message="Link: https://lore.kernel.org/r/2@example.org\n")
    assert reply(replace(found, patches=(elsewhere,)))["In-Reply-To"] is None


def test_a_later_patch_that_mends_it_is_named(mailed, asked):
    found = mailed(replace(asked, mended_by=1))
    found = replace(found, patches=(*found.patches, replace(found.patches[0], subject="demo: mend")))
    assert '"demo: mend" seems to mend this' in body(reply(found))


def test_what_no_line_of_the_diff_is_about_comes_first(mailed, asked):
    lost = replace(asked, anchor=Anchor("other.c", 1, "after"), file="other.c", path=())
    assert body(reply(mailed(lost))).startswith(ASKED)


def test_a_fix_is_offered(mailed, asked):
    text = body(reply(mailed(replace(asked, fix="--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n+b\n"))))
    assert "\nWould this mend it?\n\n--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n+b\n" in text
