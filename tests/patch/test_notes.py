"""What is said of the mails of a thread that are no patches, and of the patches that are not there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from getput.cli.main import main

DIFF = """\
diff --git a/acme.c b/acme.c
--- a/acme.c
+++ b/acme.c
@@ -1,3 +1,3 @@
 int acme_one;
-int acme_{0};
+int acme_{1};
 int acme_three;
"""
SOURCE = "int acme_one;\nint acme_two;\nint acme_three;\n"


def mail(subject: str, ident: str, body: str) -> str:
    """One mail of an mbox."""
    head = f"From: A <a@example.org>\nMessage-ID: <{ident}@example.org>\nSubject: {subject}\n"
    return f"From mboxrd@z Thu Jan  1 00:00:00 1970\n{head}\n{body}\n\n"


def quoted(text: str) -> str:
    """*text* as an answer quotes it."""
    return "".join(f"> {line}\n" for line in text.splitlines())


ONE = mail("[PATCH v2 1/5] acme: rename", "1", DIFF.format("two", "zwei"))
THREE = mail("[PATCH v2 3/5] acme: rename again", "3", DIFF.format("zwei", "deux"))
COVER = mail("[PATCH v2 0/5] acme: names", "0", "Words.\n")
ANSWER = mail("Re: [PATCH v2 1/5] acme: rename", "9", quoted(DIFF.format("two", "zwei")) + "\nFine.\n")
OTHER = mail("acme is slow", "8", "Words.\n")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "acme.c").write_text(SOURCE)
    return tmp_path


def answer(tree: Path, capsys: pytest.CaptureFixture[str], text: str) -> dict:
    """What ``getput check`` answers of an mbox."""
    (tree / "thread.mbox").write_text(text)
    assert main(["check", "--tree", str(tree), "--format", "json", str(tree / "thread.mbox")]) == 0
    return json.loads(capsys.readouterr().out)


def notes(tree: Path, capsys: pytest.CaptureFixture[str], text: str) -> list[str]:
    """The notes of it, which has no errors."""
    said = answer(tree, capsys, text)
    assert said["errors"] == []
    return [note["message"] for note in said.get("notes", [])]


def test_a_whole_series_has_no_notes(tree, capsys) -> None:
    one = ONE.replace("1/5", "1/2")
    two = THREE.replace("3/5", "2/2")
    assert "notes" not in answer(tree, capsys, two + one)


def test_a_cover_letter_and_answers_are_counted(tree, capsys) -> None:
    said = notes(tree, capsys, COVER + ANSWER + ONE + OTHER + ANSWER)
    assert said[0] == "no patches, and not judged: 1 cover letter, 2 answers, 1 other mail"


def test_a_mail_that_is_there_twice_is_named(tree, capsys) -> None:
    assert notes(tree, capsys, ONE + ONE) == ["[PATCH v2 1/5] acme: rename: there twice, judged once"]


def test_numbers_that_are_not_there(tree, capsys) -> None:
    (said,) = notes(tree, capsys, THREE + ONE)
    assert said == "of the 5 patches of [PATCH v2 1/5] acme: rename these are not there: 2, 4-5"


def test_one_patch_of_a_series_lacks_nothing(tree, capsys) -> None:
    assert notes(tree, capsys, ONE) == []


def test_the_patches_around_a_missing_one_are_judged_in_order(tree, capsys) -> None:
    said = answer(tree, capsys, THREE + ONE)
    assert [patch["applied"] for patch in said["patches"]] == ["forward", "forward"]
    assert [patch["subject"][:14] for patch in said["patches"]] == ["[PATCH v2 1/5]", "[PATCH v2 3/5]"]


def test_the_text_says_it_on_standard_error(tree, capsys) -> None:
    (tree / "thread.mbox").write_text(THREE + ONE)
    main(["check", "--tree", str(tree), str(tree / "thread.mbox")])
    said = capsys.readouterr()
    assert "thread.mbox: note: of the 5 patches" in said.err
    assert "note: of" not in said.out


def test_quiet_leaves_notes_out(tree, capsys) -> None:
    (tree / "thread.mbox").write_text(THREE + ONE)
    main(["check", "--quiet", "--tree", str(tree), str(tree / "thread.mbox")])
    assert capsys.readouterr().err == ""


def test_the_json_says_which_patch_mends_it(tmp_path: Path, capsys) -> None:
    good = 'int acme(void)\n{\n\tstruct device_node *np = of_find_node_by_path("/a");\n\n\tof_node_put(np);\n\treturn 0;\n}\n'
    (tmp_path / "acme.c").write_text(good)
    hunks = []
    for sign, counts in (("-", "-1,7 +1,6"), ("+", "-1,6 +1,7")):
        body = "".join(f"{sign if 'put' in line else ' '}{line}\n" for line in good.splitlines())
        hunks.append(f"--- a/acme.c\n+++ b/acme.c\n@@ {counts} @@\n{body}")
    text = mail("[PATCH 1/2] acme: break", "1", hunks[0]) + mail("[PATCH 2/2] acme: mend", "2", hunks[1])
    (tmp_path / "thread.mbox").write_text(text)
    main(["check", "--tree", str(tmp_path), "--format", "json", str(tmp_path / "thread.mbox")])
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert (finding["patch"], finding["mended_by"]) == (0, 1)
