"""From bytes to mails."""

from __future__ import annotations

import base64
import quopri

import pytest

from getput.patch.mail import split
from getput.patch.order import label, ordered

DIFF = """\
diff --git a/x.c b/x.c
--- a/x.c
+++ b/x.c
@@ -1 +1 @@
-/* gr\u00fcn */
+/* blau */
"""
MARK = "From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\n"


def mail(body: bytes | str, subject: str = "[PATCH] x: y", number: int = 1, **fields: str) -> bytes:
    head = f"From: A <a@example.org>\nSubject: {subject}\nMessage-ID: <{number}@example.org>\n"
    head += "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in fields.items())
    return head.encode() + b"\n" + (body.encode() if isinstance(body, str) else body)


def test_a_bare_diff_is_one_mail_without_subject():
    (one,) = split(DIFF.encode())
    assert (one.subject, one.message_id, one.commit, one.text, one.line) == ("", None, None, DIFF, 1)


def test_format_patch_names_its_commit():
    (one,) = split(MARK.encode() + mail(DIFF))
    assert (one.subject, one.message_id) == ("[PATCH] x: y", "1@example.org")
    assert one.commit == "0123456789abcdef0123456789abcdef01234567"
    assert one.text == DIFF
    assert one.line == 6


def test_a_zero_commit_is_none():
    (one,) = split(MARK.replace("0123456789abcdef0123456789abcdef01234567", "0" * 40).encode() + mail(DIFF))
    assert one.commit is None


def test_a_mail_as_archived():
    raw = b"Received: from a\n\tby b; Mon, 5 Jan 2026\n" + mail(DIFF, "[PATCH 1/2] a\n\tfolded  subject")
    (one,) = split(raw)
    assert one.subject == "[PATCH 1/2] a folded subject"


def test_an_mbox_of_three():
    raw = b"".join(MARK.encode() + mail(DIFF, f"[PATCH {n}/3] x", n) + b"\n" for n in (1, 2, 3))
    mails = list(split(raw))
    assert [one.subject for one in mails] == ["[PATCH 1/3] x", "[PATCH 2/3] x", "[PATCH 3/3] x"]
    lines = raw.decode().split("\n")
    assert all(lines[one.line - 1].startswith("diff --git") for one in mails)


def test_an_mbox_from_an_archive():
    mark = b"From mboxrd@z Thu Jan  1 00:00:00 1970\n"
    mails = list(split(mark + mail(DIFF) + b"\n" + mark + mail(DIFF, number=2)))
    assert [one.message_id for one in mails] == ["1@example.org", "2@example.org"]
    assert mails[0].commit is None


def test_from_in_a_message_starts_no_mail():
    (one,) = split(mail("From now on this holds: a: b\nFrom: c\n\n" + DIFF))
    assert one.text.startswith("From now on")


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "windows-1252", "gb18030", "iso-2022-jp-2"])
def test_a_charset(charset: str):
    raw = DIFF.encode(charset)
    (one,) = split(mail(raw, Content_Type=f'text/plain; charset="{charset}"', MIME_Version="1.0"))
    assert one.text == DIFF


@pytest.mark.parametrize("charset", ["us-ascii", "iso-8859-1", "", "no-such-charset", "unicode_escape", "idna"])
def test_utf8_under_a_wrong_label(charset: str):
    kind = f"text/plain; charset={charset}" if charset else "text/plain"
    (one,) = split(mail(DIFF, Content_Type=kind))
    assert one.text == DIFF


def test_bytes_that_are_no_text_survive():
    raw = DIFF.encode("latin-1")
    (one,) = split(mail(raw))
    assert one.text.encode("utf-8", "surrogateescape") == raw


@pytest.mark.parametrize("charset", ["latin\0", "cp1252\0x", "utf-16\0"])
def test_a_charset_with_a_zero_byte(charset: str):
    raw = DIFF.encode("latin-1")
    (one,) = split(mail(raw, Content_Type=f"text/plain; charset={charset}"))
    assert one.text.encode("utf-8", "surrogateescape") == raw


def test_quoted_printable():
    long = DIFF.replace("blau", "blau" * 40 + " = ")
    raw = quopri.encodestring(long.encode())
    assert b"=3D" in raw
    (one,) = split(mail(raw, Content_Transfer_Encoding="quoted-printable", Content_Type="text/plain; charset=utf-8"))
    assert one.text == long


@pytest.mark.parametrize("footer", [b"", b"\n_______________________\nlist mailing list\nlist@example.org\n"])
@pytest.mark.parametrize("more", ["", "x", "xx"])
def test_base64(footer: bytes, more: str):
    text = DIFF.replace("blau", "blau" + more)
    raw = base64.encodebytes(text.replace("\n", "\r\n").encode()) + footer
    (one,) = split(mail(raw, Content_Transfer_Encoding="base64", Content_Type="text/plain; charset=utf-8"))
    assert one.text == text


def test_crlf_everywhere_is_the_mails():
    (one,) = split(mail(DIFF).replace(b"\n", b"\r\n"))
    assert one.text == DIFF


def test_crlf_somewhere_is_the_files():
    text = DIFF.replace("grün */\n", "grün */\r\n")
    (one,) = split(mail(text))
    assert one.text == text


def test_an_encoded_subject():
    (one,) = split(mail(DIFF, "=?utf-8?q?=5BPATCH=5D?= =?utf-8?b?IGdyw7xu?="))
    assert one.subject == "[PATCH] grün"


def test_a_broken_encoded_subject_stays_as_it_is():
    (one,) = split(mail(DIFF, "=?no-such?b?!!?= x"))
    assert "x" in one.subject


def multipart(*parts: str, kind: str = "mixed") -> bytes:
    inner = "".join(f"--bb\n{part}\n" for part in parts)
    return mail(f"{inner}--bb--\n", MIME_Version="1.0", Content_Type=f'multipart/{kind}; boundary="bb"')


def test_a_signed_mail():
    mails = list(
        split(
            multipart(
                f"Content-Type: text/plain; charset=utf-8\n\nword\n---\n{DIFF}",
                "Content-Type: application/pgp-signature\n\n-----BEGIN",
                kind="signed",
            )
        )
    )
    assert [one.text for one in mails] == [f"word\n---\n{DIFF}"]
    assert mails[0].message_id == "1@example.org"


def test_an_attached_patch_has_the_mails_subject():
    mails = list(
        split(
            multipart(
                "Content-Type: text/plain\n\nplease apply",
                f'Content-Type: text/x-patch\nContent-Disposition: attachment; filename="a.patch"\n\n{DIFF}',
            )
        )
    )
    assert [one.subject for one in mails] == ["[PATCH] x: y", "[PATCH] x: y"]
    assert mails[1].text == DIFF


def test_attached_mails_have_their_own_subjects():
    attached = [mail(DIFF, f"[PATCH {n}/2] part {n}", n + 1).decode() for n in (1, 2)]
    parts = [
        f'Content-Type: application/octet-stream; name="{n}.patch"\nContent-Transfer-Encoding: base64\n\n'
        + base64.encodebytes((MARK + text).encode()).decode()
        for n, text in enumerate(attached)
    ]
    mails = [one for one in split(multipart("Content-Type: text/plain\n\nhi", *parts)) if "diff" in one.text]
    assert [one.subject for one in mails] == ["[PATCH 1/2] part 1", "[PATCH 2/2] part 2"]
    assert mails[0].commit == "0123456789abcdef0123456789abcdef01234567"


def test_html_is_no_patch():
    mails = split(
        multipart("Content-Type: text/plain\n\nword", f"Content-Type: text/html\n\n<pre>{DIFF}", kind="alternative")
    )
    assert [one.text.strip() for one in mails] == ["word"]


def test_git_attach(repo):
    repo.commit(**{"x.c": "int a;\n"})
    repo.commit("x: change", **{"x.c": "int b;\n"})
    mails = [one for one in split(repo.mail("-1", "--attach")) if "diff --git" in one.text]
    assert len(mails) == 1
    assert mails[0].subject == "[PATCH] x: change"
    assert mails[0].commit


def test_svn_and_quilt_headers_are_no_mail():
    (one,) = split(b"Index: x.c\n=====\n--- x.c\n+++ x.c\n@@ -1 +1 @@\n-a\n+b\n")
    assert one.text.startswith("Index:")


@pytest.mark.parametrize("bom", [b"\xef\xbb\xbf", None])
def test_byte_order_marks(bom: bytes | None):
    raw = DIFF.encode("utf-16") if bom is None else bom + DIFF.encode()
    (one,) = split(raw)
    assert one.text == DIFF


@pytest.mark.parametrize("raw", [b"", b"\n\n", b"\0", b"From ", b"From \n", b"Subject:", b"\xff\xfe\0", b"\r\n\r\n"])
def test_next_to_nothing(raw: bytes):
    assert len(list(split(raw))) == 1


@pytest.mark.parametrize(
    ("subject", "says"),
    [
        ("[PATCH v2 3/7] mm: x", ("mm: x", 2, 3, 7, False)),
        ("[PATCH] mm: x", ("mm: x", 1, 0, 0, False)),
        ("Re: [PATCH net-next V3 02/12] mm: x", ("mm: x", 3, 2, 12, True)),
        ("[RFC][PATCH 1/2] x", ("x", 1, 1, 2, False)),
        ("[PATCH 6.1 012/345] x [1/2]", ("x [1/2]", 1, 12, 345, False)),
        ("x", ("x", 1, 0, 0, False)),
        ("", ("", 1, 0, 0, False)),
    ],
)
def test_subjects(subject: str, says: tuple[str, int, int, int, bool]):
    one = label(subject)
    assert (one.title, one.version, one.number, one.total, one.reply) == says


def order(*subjects: str) -> list[str]:
    mails = [next(split(mail(DIFF + f"{n}", subject, n))) for n, subject in enumerate(subjects)]
    return [one.subject for one in ordered(mails)[0]]


def test_order_is_by_number():
    assert order("[PATCH 3/3] c", "[PATCH 1/3] a", "[PATCH 2/3] b") == [
        "[PATCH 1/3] a",
        "[PATCH 2/3] b",
        "[PATCH 3/3] c",
    ]


def test_two_series_keep_their_places():
    assert order("[PATCH 1/2] a", "[PATCH 2/2] b", "[PATCH 1/2] c", "[PATCH 2/2] d") == [
        "[PATCH 1/2] a", "[PATCH 2/2] b", "[PATCH 1/2] c", "[PATCH 2/2] d",
    ]  # fmt: skip


def test_a_newer_version_supersedes():
    assert order("[PATCH 1/2] a", "[PATCH 2/2] b", "[PATCH v2 1/2] a", "[PATCH v2 2/2] b, renamed") == [
        "[PATCH v2 1/2] a", "[PATCH v2 2/2] b, renamed",
    ]  # fmt: skip


def test_answers_are_left_out_unless_alone():
    assert order("[PATCH] a", "Re: [PATCH] a") == ["[PATCH] a"]
    assert order("Re: [PATCH] a") == ["Re: [PATCH] a"]


def test_duplicates_count_once():
    one = next(split(mail(DIFF)))
    assert ordered([one, one])[0] == [one]
