"""Large and hostile inputs: bounded in time and memory, and never a traceback."""

from __future__ import annotations

import random
import time
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from getput.patch.diff import parse
from getput.patch.mail import split
from getput.patch.series import read_submissions

HEAD = b"From: a\nSubject: [PATCH] x\n"
SMALL = b"--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n+b\n"


def of(count: int, name: str) -> bytes:
    """A patch that makes a file of *count* lines."""
    head = f"diff --git a/{name} b/{name}\nnew file mode 100644\n--- /dev/null\n+++ b/{name}\n@@ -0,0 +1,{count} @@\n"
    return head.encode() + b"+\tword(word, word);\n" * count


LARGE = {
    "a file that is no C": HEAD + b"\n" + of(1_100_000, "x.json"),
    "a C file too large": HEAD + b"\n" + of(1_100_000, "x.c"),
    "one long line": HEAD + b"\n" + b"x" * 20_000_000,
    "one long header": HEAD[:-1] + b" " * 20_000_000 + b"\n\n",
    "folded headers": HEAD + b" x\n" * 7_000_000 + b"\n",
    "blank lines": b"\n" * 20_000_000,
    "nul bytes": b"\0" * 20_000_000,
    "dashes": HEAD + b"\n" + b"---\n" * 5_000_000,
    "names without hunks": HEAD + b"\n" + b"--- a/x.c\n+++ b/x.c\n" * 1_000_000,
    "from lines": b"From a Mon 00:00\n" * 1_200_000,
    "a postmark of times": b"From a Mon " + b"00:00 " * 3_000_000 + b"\n",
    "a file name of blanks": HEAD + b"\n--- " + b" 2" * 5_000_000 + b"x\n+++ b\n@@ -1 +1 @@\n-a\n+b\n",
    "quoted printable": HEAD + b"Content-Transfer-Encoding: quoted-printable\n\n" + b"=3D" * 6_000_000,
    "base64": HEAD + b"Content-Transfer-Encoding: base64\n\n" + (b"QUFB" * 19 + b"\n") * 260_000,
    "no base64": HEAD + b"Content-Transfer-Encoding: base64\n\n" + b"QUFB" * 5_000_000 + b"!",
    "multipart": HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 3_000_000,
    "multipart of many lines": HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" + b"\n" * 9_000_000,
    "multiparts of many lines": b"".join(
        b"Subject: x\nContent-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(200)
    )
    + b"a\n" * 3_000_000,
    "nested multipart": b"".join(
        b"Subject: x\nContent-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000)
    ),
}


@pytest.mark.parametrize("raw", LARGE.values(), ids=LARGE.keys())
def test_large_mails(tmp_path, raw):
    start = time.process_time()
    (got,) = read_submissions(["-"], tmp_path, each=False, stdin=raw + b"\n" + SMALL)
    assert time.process_time() - start < 15
    assert got.name == "-"


def test_a_large_file_beside_a_small_one(tmp_path):
    """The small one is judged, and the large one costs a few times its size."""
    (tmp_path / "x.c").write_text("a\n")
    raw = HEAD + b"\n" + of(200_000, "x.json") + SMALL
    tracemalloc.start()
    (got,) = read_submissions(["-"], tmp_path, each=False, stdin=raw)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [file.status for file in got.patches[0].files] == ["skipped", "ready"]
    assert peak < 6 * len(raw)


def test_line_numbers_out_of_this_world(tmp_path):
    raw = SMALL.replace(b"-1 +1", b"-900000000 +900000000")
    (got,) = read_submissions(["-"], tmp_path, each=False, stdin=raw)
    assert got.patches[0].files[0].status == "failed"


def test_a_tree_file_in_which_everything_looks_the_same(tmp_path):
    """The search for a hunk ends, however many places almost fit."""
    (tmp_path / "x.c").write_text("a\nb\n" * 400_000)
    context = " a\n b\n" * 200
    hunk = f"@@ -1,{401} +1,{401} @@\n{context}-z\n+y\n"
    start = time.process_time()
    (got,) = read_submissions(["-"], tmp_path, each=False, stdin=f"--- a/x.c\n+++ b/x.c\n{hunk}".encode())
    assert time.process_time() - start < 10
    assert got.patches[0].files[0].status == "failed"


def test_many_inputs_in_flat_memory(tmp_path):
    (tmp_path / "x.c").write_text("a\n" * 1_000)
    (tmp_path / "p").write_bytes(SMALL)
    tracemalloc.start()
    peaks = []
    for count in (100, 1000):
        tracemalloc.reset_peak()
        for _ in read_submissions([str(tmp_path / "p")] * count, tmp_path, each=True):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
    assert peaks[1] < peaks[0] + 300_000


VALID = (
    b"From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\nFrom: a <a@b>\nSubject: [PATCH 1/2] x\n"
    b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nwords\n---\n x.c | 2 +-\n"
    b" 1 file changed\n\ndiff --git a/x.c b/y.c\nsimilarity index 90%\nrename from x.c\nrename to y.c\n"
    b"index 123..456 100644\n--- a/x.c\n+++ b/y.c\n@@ -1,3 +1,3 @@ int f(void)\n a\n-b\n+c\n d\n@@ -9 +9 @@\n-e\n+f\n"
    b"\\ No newline at end of file\n-- \n2.40\n"
)


@pytest.mark.parametrize("seed", range(8))
def test_damaged_mails(tmp_path, seed):
    """Whatever happens to a mail on its way, there is an answer."""
    (tmp_path / "x.c").write_text("a\nb\nd\n\n\n\n\n\ne\n")
    source = random.Random(seed)
    for _ in range(150):
        raw = bytearray(VALID)
        for _ in range(source.randint(1, 6)):
            at, what = source.randrange(len(raw)), source.randrange(4)
            if what == 0:
                raw[at] = source.randrange(256)
            elif what == 1:
                del raw[at : at + source.randint(1, 40)]
            elif what == 2:
                raw[at:at] = raw[source.randrange(len(raw)) :][: source.randint(1, 60)]
            else:
                raw[at:at] = source.choice(
                    [b"\0", b"\r\n", b"\n", b"@@ -1 +1 @@\n", b"---\n", b"9" * 30, b"diff --git ", b"=\n"]
                )
        for tree in (tmp_path, None):
            (got,) = read_submissions(["-"], tree, each=False, stdin=bytes(raw))
            assert got.patches or got.problems


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=400),
    st.sampled_from([b"", HEAD, b"From: a\nContent-Type: multipart/mixed; boundary=x\n\n--x\n"]),
)
def test_any_bytes(raw: bytes, head: bytes):
    for mail in split(head + raw):
        for one in parse(mail.text):
            assert one.problem or one.path


@st.composite
def edits(draw) -> tuple[list[str], list[str]]:
    line = st.sampled_from(["a", "b", "\t}", "", "\tput(x);", "\treturn 0;"])
    before = draw(st.lists(line, max_size=25))
    after = list(before)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(after)))
        after[at : at + draw(st.integers(0, 3))] = draw(st.lists(line, max_size=3))
    return before, after


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits(), st.integers(0, 3))
def test_any_edit_applies_and_unapplies(tmp_path, edit, context):
    """Of any two texts: the diff between them leads from the one to the other, and back."""
    import difflib

    from getput.patch import fit

    before, after = ("".join(f"{line}\n" for line in lines) for lines in edit)
    text = "".join(difflib.unified_diff(*(t.splitlines(True) for t in (before, after)), "a/x.c", "b/x.c", n=context))
    for one in parse(text):
        for backward, (here, there) in enumerate([(before, after), (after, before)]):
            source = fit.Text(here.encode())
            found = fit.fit(source, one.hunks, bool(backward))
            assert isinstance(found, fit.Fit)
            assert fit.apply(source, one.hunks, found, bool(backward)).data == there.encode()
