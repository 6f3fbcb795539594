"""``--format mail``: from a patch on a mailing list, a commit, or a bare diff to a reply."""

from __future__ import annotations

import base64
import email
import email.policy
import mailbox
import quopri
import re

import pytest
from tests.cli.conftest import CLEAN, FILE, LEAKING


def mailed(patch: str, **headers: str) -> bytes:
    """The patch as it went over a list."""
    head, _, body = patch.partition("\n\n")
    fields = [line for line in head.split("\n") if not line.startswith("From 0")]
    fields += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    text = body.encode()
    coding = headers.get("Content_Transfer_Encoding")
    if coding == "base64":
        text = base64.encodebytes(text)
    elif coding == "quoted-printable":
        text = quopri.encodestring(text)
    return "\n".join(fields).encode() + b"\n\n" + text


def reply(text: str):
    return email.message_from_bytes(text.encode("utf-8", "surrogateescape"), policy=email.policy.default)


def quotes(message) -> list[str]:
    body = message.get_payload(decode=True).decode("utf-8", "surrogateescape")
    return [line[2:] for line in body.split("\n") if line.startswith("> ")]


@pytest.mark.parametrize("coding", ["8bit", "quoted-printable", "base64"])
def test_a_patch_from_a_list(getput, kernel, leaking, coding):
    fields = {
        "To": "list@example.org",
        "Cc": "=?utf-8?q?J=C3=B6rg?= <j@example.org>",
        "Message_ID": "<2@example.org>",
        "References": "<1@example.org>",
        "Content_Transfer_Encoding": coding,
    }
    raw = mailed(leaking.read_text(), **fields)
    done = getput("check", "--format", "mail", "-", cwd=kernel.top, stdin=raw)
    assert done.returncode == 1
    message = reply(done.stdout)
    assert message["To"] == '"A. Developer" <dev@example.org>'
    assert message["Cc"] == "list@example.org, J\u00f6rg <j@example.org>"
    assert message["Subject"] == "Re: [PATCH] demo: read more"
    assert message["In-Reply-To"] == "<2@example.org>"
    assert message["References"].split() == ["<1@example.org>", "<2@example.org>"]
    said = quotes(message)
    original = leaking.read_text().split("\n")
    start = original.index(said[0])
    assert original[start : start + len(said)] == said
    assert said[-1] in ("+\tif (ret)", "+\t\treturn ret;")
    body = message.get_content()
    assert "leak the reference on np taken by of_find_node_by_path()?" in " ".join(body.split())
    assert not re.search(r"\bline \d", body)


def test_nothing_for_a_clean_patch(getput, kernel, clean):
    done = getput("check", "--format", "mail", clean, cwd=kernel.top)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_commit_has_its_author_for_a_receiver(getput, kernel):
    kernel.write(LEAKING)
    kernel.commit("demo: read more")
    message = reply(getput("check", "--format", "mail", "HEAD", cwd=kernel.top).stdout)
    assert (message["To"], message["Subject"]) == ('"A. Developer" <dev@example.org>', "Re: demo: read more")
    assert message["In-Reply-To"] is None
    assert "On Mon, 5 Jan 2026 10:00:00 +0000, A. Developer wrote:" in message.get_content()


def test_what_git_show_prints_has_an_author_too(getput, kernel):
    kernel.write(LEAKING)
    kernel.commit("demo: read more")
    shown = kernel.git("show", "HEAD")
    kernel.git("reset", "-q", "--hard", "HEAD~")
    message = reply(getput("check", "--format", "mail", "-", cwd=kernel.top, stdin=shown + "\n").stdout)
    assert (message["To"], message["Subject"]) == ('"A. Developer" <dev@example.org>', "Re: demo: read more")


@pytest.mark.parametrize("how", ["diff", "staged"])
def test_without_headers_there_is_a_draft_for_nobody(getput, kernel, leaking, how):
    if how == "staged":
        kernel.git("apply", "--index", str(leaking))
        done = getput("check", "--format", "mail", "--staged", cwd=kernel.top)
    else:
        diff = leaking.read_text()[leaking.read_text().index("diff --git") :]
        done = getput("check", "--format", "mail", "-", cwd=kernel.top, stdin=diff)
    message = reply(done.stdout)
    assert message["To"] is None
    assert message["Subject"] == ("Re: staged changes" if how == "staged" else "Re: the patch in -")
    assert quotes(message)[0].startswith("diff --git ")


def test_a_series_has_a_reply_to_each_patch_that_brings_something(getput, kernel, tmp_path):
    kernel.write(CLEAN.replace("demo_read", "demo_other"), "drivers/demo/other.c")
    kernel.commit("demo: another")
    series = tmp_path / "series.mbox"
    parts = [
        kernel.patch(LEAKING, "one"),
        kernel.patch(CLEAN.replace('"value"', '"val"'), "two", "drivers/demo/third.c"),
        kernel.patch(LEAKING.replace("demo_read", "demo_other"), "three", "drivers/demo/other.c"),
    ]
    series.write_text("\n".join(parts))
    done = getput("check", "--format", "mail", series, cwd=kernel.top)
    box = tmp_path / "replies.mbox"
    box.write_text(done.stdout)
    assert [message["Subject"] for message in mailbox.mbox(box)] == ["Re: [PATCH] one", "Re: [PATCH] three"]


def test_bytes_that_are_no_utf8_come_back_as_they_were(getput, kernel, leaking):
    comment = "\treturn ret;\n}\n\n/* gr\u00fcn */\n"
    kernel.write(CLEAN.replace("\treturn ret;\n}\n", comment))
    text = kernel.patch(LEAKING.replace("\treturn ret;\n}\n", comment)).encode()
    latin = text.replace(b'+\tret = of_property_read_u32(np, "other", value);', b'+\tret = get(np, "gr\xfcn", value);')
    kernel.write(CLEAN)
    before, _, after = latin.partition(b"+\t\treturn ret;")
    raw = before.replace(b"+\tif (ret)", b"+\tif (ret) /* gr\xfcn */") + b"+\t\treturn ret;" + after
    for environment in ({}, {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}):
        done = getput("check", "--format", "mail", "-", cwd=kernel.top, stdin=raw, **environment)
        assert any("gr\udcfcn" in line for line in quotes(reply(done.stdout)))


def test_headers_stand_in_the_mail_that_is_answered(getput, kernel, leaking):
    raw = mailed(leaking.read_text(), To="a@example.org", Message_ID="<2@example.org>")
    raw = raw.replace(b"To: a@example.org\n", b"To: a@example.org,\n\tb@example.org\nTo: c@example.org\n")
    message = reply(getput("check", "--format", "mail", "-", cwd=kernel.top, stdin=raw).stdout)
    assert message["Cc"] == "a@example.org, b@example.org, c@example.org"


def test_the_file_is_the_one_of_the_tree(getput, kernel, leaking):
    said = getput("check", "--format", "mail", leaking, cwd=kernel.top).stdout
    assert f"> +++ b/{FILE}\n" in said
