"""Code and mails that are made to take for ever."""

from __future__ import annotations

import resource

import pytest
from tests.hostile.conftest import CODE, new_file

HEAD, TAIL = "int f(struct device *x)\n{\n\tget_device(x);\n", "\treturn 0;\n}\n"
N = 3_000
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


LIMITS = {resource.RLIMIT_AS: 2 << 30, resource.RLIMIT_CPU: 60}  # what does not end is ended


@pytest.mark.parametrize("name", [*BODIES, "macros"])
def test_code(getput, tree, name):
    text = MACROS + HEAD + "M0(x);\n" + TAIL if name == "macros" else HEAD + BODIES[name] + TAIL
    done = getput("check", "-", cwd=tree, stdin=new_file(text + CODE), limits=LIMITS)
    assert done.returncode in (0, 1)


def test_a_bound_that_was_hit_is_said(getput, tree):
    done = getput("check", "-", cwd=tree, stdin=new_file(HEAD + BODIES["gotos"] + TAIL))
    assert "1 only in part" in done.stdout


MILLION = 1_000_000
LABELS = HEAD + "".join(f"l{i:x}:\n" for i in range(MILLION)) + "goto l0;\n" + TAIL
WHOLE = {  # files of just under 10 MB
    "labels": LABELS,
    "cases": HEAD + "switch (y) {\n" + "".join(f"case {i}:" for i in range(700_000)) + "g();\n}\n" + TAIL,
    "a macro": "#define M(x) \\\n" + "g();\\\n" * MILLION + "get_device(x)\n" + HEAD + "M(x);\n" + TAIL,
    "one function": HEAD + "\tif (a) put_device(x);\n" * 400_000 + TAIL,
}
LARGE = {  # functions of just under 1 MB, which are followed: what is known on a path grows with every line
    "cases": HEAD + "switch (y) {\n" + "".join(f"case {i}:x();break;\n" for i in range(45_000)) + "}\n" + TAIL,
    "gets": HEAD + "".join(f"v{i} = get_device(x{i});\n" for i in range(28_000)) + TAIL,
}
SOON = {resource.RLIMIT_AS: 2 << 30, resource.RLIMIT_CPU: 20}


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_as_large_as_is_read(getput, tree, name):
    text = WHOLE[name] + CODE
    assert 5 << 20 < len(text) < 10 << 20
    (tree / "demo.c").write_text(text)
    done = getput("scan", "--jobs", "1", "demo.c", cwd=tree, limits=SOON)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 existing" in done.stdout  # what stands behind it is judged
    assert ("1 could not be parsed" in done.stdout) == (name != "a macro")


def test_a_patch_larger_than_is_read(getput, tree):
    done = getput("check", "-", cwd=tree, stdin=new_file(HEAD + ("\tg();" * 40 + "\n") * 55_000 + TAIL), limits=SOON)
    assert done.returncode == 2
    assert "more than 10 MB of diff for one file" in done.stderr


@pytest.mark.parametrize("name", LARGE)
def test_a_function_as_large_as_is_followed(getput, tree, name):
    done = getput("check", "-", cwd=tree, stdin=new_file(LARGE[name] + CODE), limits=SOON)
    assert done.returncode == 1
    assert "2 functions judged, 1 only in part" in done.stdout


PART = "--b\nContent-Type: text/plain\n\nx\n"
MIME = "From: a\nSubject: [PATCH] x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
MAILS = {
    "parts": MIME + PART * 5_000,
    "mails in mails": "From: a\nContent-Type: message/rfc822\n\n" * 5_000,
    "headers": "From: a\n" + "X-A: b\n" * 50_000 + "\nx\n",
    "a header": "Subject: " + "=?utf-8?q?" * 12_000 + "\n\n" + "x\n",
    "an encoding": "From: a\nContent-Type: text/plain; charset=idna\nContent-Transfer-Encoding: base64\n\n"
    + "A" * 99_999
    + "\n",
    "a postmark": "From a Mon Jan  1 00:00:00 2026\nFrom: a\n\n" * 8_000,
    "lengths": "--- a/a.c\n+++ b/a.c\n@@ -1,999999999 +1,999999999 @@\n-x\n+y\n",
    "numbers": "--- a/a.c\n+++ b/a.c\n@@ -" + "9" * 5000 + " +1 @@\n-x\n+y\n",
    "hunks": "--- a/a.c\n+++ b/a.c\n" + "@@ -1 +1 @@\n-x\n+y\n" * 5_000,
    "files": "".join(f"--- a/{i}.c\n+++ b/{i}.c\n@@ -1 +1 @@\n-x\n+y\n" for i in range(500)),
}


@pytest.mark.parametrize("name", MAILS)
def test_mails(getput, tree, name):
    done = getput("check", "-", cwd=tree, stdin=MAILS[name], limits=LIMITS)
    assert done.returncode == 0 or done.stderr
