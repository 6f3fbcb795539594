"""Code and mails that are made to take for ever."""

from __future__ import annotations

import resource

import pytest
from tests.hostile.conftest import CODE, new_file

HEAD, TAIL = "int f(struct device *x)\n{\n\tget_device(x);\n", "\treturn 0;\n}\n"
N = 10_000
BODIES = {
    "labels": "".join(f"l{i}:\n" for i in range(10 * N)),
    "gotos": "".join(f"l{i}: if (x) goto l{i // 2};\n" for i in range(N)),
    "cases": "switch (y) {\n" + "".join(f"case {i}: g(); break;\n" for i in range(N)) + "}\n",
    "ifs": "".join(f"if (a{i}) put_device(x);\n" for i in range(N)),
    "nested": "if (a) {\n" * N + "}\n" * N,
    "parentheses": "y = " + "(" * N + "1" + ")" * N + ";\n",
    "a long line": "y = " + "a + " * 5 * N + "1;\n",
    "else": "if (a) ;\n" + "else if (b) g();\n" * N,
    "ifdef": "#ifdef A\n" * N + "#endif\n" * N,
    "ifndef": "#ifndef A\nint y\n" * N + "#endif\n" * N + "#ifdef A\n#endif\n",
    "iterators": "for_each_child_of_node(a, b) " * N + ";\n",
    "a name": "get_device(" + "x" * 20 * N + ");\n",
    "quotes": "'\"\\" * N,
    "blanks": " " * 20 * N + "\n",
    "comments": "/*" * 5 * N,
}
MACROS = "".join(f"#define M{i}(x) M{i + 1}(x) M{i + 1}(x)\n" for i in range(200)) + "#define M200(x) get_device(x)\n"


def used() -> float:
    """Seconds of processes that ended: what else the machine does is not counted."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@pytest.mark.parametrize("name", [*BODIES, "macros"])
def test_code(getput, tree, name):
    text = MACROS + HEAD + "M0(x);\n" + TAIL if name == "macros" else HEAD + BODIES[name] + TAIL
    start = used()
    done = getput("check", "-", cwd=tree, stdin=new_file(text + CODE), limits={resource.RLIMIT_AS: 2 << 30})
    assert done.returncode in (0, 1)
    assert used() - start < 5


def test_a_bound_that_was_hit_is_said(getput, tree):
    done = getput("check", "-", cwd=tree, stdin=new_file(HEAD + BODIES["gotos"] + TAIL))
    assert "1 only in part" in done.stdout


PART = "--b\nContent-Type: text/plain\n\nx\n"
MIME = "From: a\nSubject: [PATCH] x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
MAILS = {
    "parts": MIME + PART * 20_000,
    "mails in mails": "From: a\nContent-Type: message/rfc822\n\n" * 20_000,
    "headers": "From: a\n" + "X-A: b\n" * 200_000 + "\nx\n",
    "a header": "Subject: " + "=?utf-8?q?" * 50_000 + "\n\n" + "x\n",
    "an encoding": "From: a\nContent-Type: text/plain; charset=idna\nContent-Transfer-Encoding: base64\n\n"
    + "A" * 99_999
    + "\n",
    "a postmark": "From a Mon Jan  1 00:00:00 2026\nFrom: a\n\n" * 30_000,
    "lengths": "--- a/a.c\n+++ b/a.c\n@@ -1,999999999 +1,999999999 @@\n-x\n+y\n",
    "numbers": "--- a/a.c\n+++ b/a.c\n@@ -" + "9" * 5000 + " +1 @@\n-x\n+y\n",
    "hunks": "--- a/a.c\n+++ b/a.c\n" + "@@ -1 +1 @@\n-x\n+y\n" * 20_000,
    "files": "".join(f"--- a/{i}.c\n+++ b/{i}.c\n@@ -1 +1 @@\n-x\n+y\n" for i in range(1500)),
}


@pytest.mark.parametrize("name", MAILS)
def test_mails(getput, tree, name):
    start = used()
    done = getput("check", "-", cwd=tree, stdin=MAILS[name], limits={resource.RLIMIT_AS: 2 << 30})
    assert used() - start < 5
    assert done.returncode == 0 or done.stderr
