"""From the text of a mail to file sections and hunks."""

from __future__ import annotations

import pytest

from getput.patch.diff import FileDiff, parse
from getput.patch.mail import split

HUNK = "@@ -1,2 +1,2 @@\n a\n-b\n+c\n"


def section(path: str = "x.c", hunk: str = HUNK) -> str:
    return f"diff --git a/{path} b/{path}\nindex 1234567..89abcde 100644\n--- a/{path}\n+++ b/{path}\n{hunk}"


def read(text: str) -> list[FileDiff]:
    return list(parse(text))


def test_one_file():
    (one,) = read(section())
    assert (one.old_path, one.new_path, one.kind, one.problem) == ("x.c", "x.c", "modified", None)
    assert (one.old_blob, one.new_blob) == ("1234567", "89abcde")
    (hunk,) = one.hunks
    assert (hunk.old_start, hunk.old_count, hunk.new_start, hunk.new_count) == (1, 2, 1, 2)
    assert hunk.lines == ((" ", b"a"), ("-", b"b"), ("+", b"c"))
    assert (hunk.ordinal, hunk.line) == (1, 5)


def test_the_section_header_of_a_hunk():
    (one,) = read(section(hunk="@@ -7 +7 @@ static int demo(void)\n-b\n+c\n"))
    assert one.hunks[0].section == "static int demo(void)"
    assert (one.hunks[0].old_count, one.hunks[0].new_count) == (1, 1)


MESSAGES = {
    "hunk header": "fix\n\n@@ -1,2 +1,2 @@\n a\n",
    "git header": "fix\n\ndiff --git a/z.c b/z.c\nis what git prints\n",
    "names": "fix\n\n--- a/z.c\n+++ b/z.c\nare the names\n",
    "a whole diff": "fix\n\n" + section("z.c"),
    "a whole diff and a rule": "fix\n\n---\n" + section("z.c") + "\nis what came out\n",
}
STAT = "---\n x.c | 2 +-\n 1 file changed, 1 insertion(+), 1 deletion(-)\n create mode 100644 y.c\n\n"


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES.keys())
def test_the_message_is_no_diff(message: str):
    assert [one.path for one in read(message + STAT + section())] == ["x.c"]


@pytest.mark.parametrize("name", ["hunk header", "git header", "names", "a whole diff"])
def test_the_message_is_no_diff_without_diffstat(name: str):
    assert [one.path for one in read(MESSAGES[name] + "---\nv2: better\n\n" + section())] == ["x.c"]


@pytest.mark.parametrize("name", ["hunk header", "git header", "names"])
def test_words_before_a_bare_diff(name: str):
    assert [one.path for one in read(MESSAGES[name] + section())] == ["x.c"]


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES.keys())
def test_the_message_as_git_writes_it(repo, message: str):
    repo.commit(**{"x.c": "a\nb\n"})
    repo.commit("a subject\n\n" + message, **{"x.c": "a\nc\n"})
    (mail,) = split(repo.mail())
    (one,) = parse(mail.text, mail.line)
    assert (one.path, one.problem, len(one.hunks)) == ("x.c", None, 1)
    assert repo.mail().decode().split("\n")[one.hunks[0].line - 1].startswith("@@ -1,2 +1,2 @@")


@pytest.mark.parametrize("tail", ["-- \n2.40.1\n", "\nbase-commit: 12345\n-- \n2.40.1\n\n", "--- a\n+++ b\n"])
def test_what_follows_the_diff(tail: str):
    (one,) = read(section() + tail)
    assert one.problem is None
    assert one.hunks[0].lines[-1] == ("+", b"c")


def test_lines_that_look_like_headers_inside_a_hunk():
    (one, two) = read(section(hunk="@@ -1,2 +1,2 @@\n--- a/y.c\n-- \n+++ b/y.c\n+@@ -1 +1 @@\n") + section("z.c"))
    assert one.hunks[0].lines == (("-", b"-- a/y.c"), ("-", b"- "), ("+", b"++ b/y.c"), ("+", b"@@ -1 +1 @@"))
    assert two.path == "z.c"


def test_an_empty_context_line_whose_blank_a_mail_program_took():
    (one,) = read(section(hunk="@@ -1,3 +1,3 @@\n a\n\n-b\n+c\n"))
    assert one.hunks[0].lines[1] == (" ", b"")


@pytest.mark.parametrize(
    "bad",
    [
        "@@ -1,9 +1,9 @@\n a\n-b\n+c\n",
        "@@ -1,2 +1,2 @@\na\n-b\n+c\n",
        "@@ -1,2 +1,2 @@\n a\n-b\n-b\n+c\n",
        "@@ -1,2 +1 @@\n a\n-b\n+c\n+c\n",
        "@@ -x +y @@\n a\n",
        "@@ -0,0 +0,0 @@\n",
        "@@ -1,99999999999999999999 +1 @@\n a\n",
    ],
)
def test_one_bad_hunk_among_ten_files(bad: str):
    text = "".join(section(f"{n}.c", HUNK + (bad.replace("-1,", "-9,") if n == 5 else "")) for n in range(10))
    files = read(text)
    assert [one.path for one in files] == [f"{n}.c" for n in range(10)]
    assert [one.path for one in files if one.problem] == ["5.c"]
    assert "hunk 2 of 5.c (line " in files[5].problem


def test_a_truncated_mail():
    (one,) = read(section(hunk="@@ -1,5 +1,5 @@\n a\n-b\n+c\n") + "-- \n2.40\n")
    assert "hunk 1 of x.c (line 5)" in one.problem


def test_an_empty_context_line_of_a_file_with_crlf():
    (one,) = read(section(hunk="@@ -1,3 +1,3 @@\n a\r\n\r\n-b\r\n+c\r\n"))
    assert one.hunks[0].lines == ((" ", b"a\r"), (" ", b"\r"), ("-", b"b\r"), ("+", b"c\r"))


def test_no_newline_at_the_end(repo):
    repo.commit(**{"x.c": "a\nb"})
    repo.commit(**{"x.c": "a\nc\n"})
    (one,) = read(repo.git("diff", "HEAD~").decode())
    assert (one.hunks[0].old_open, one.hunks[0].new_open) == (True, False)
    (back,) = read(repo.git("diff", "-R", "HEAD~").decode())
    assert (back.hunks[0].old_open, back.hunks[0].new_open) == (False, True)


PREFIXES = [
    [],
    ["--no-prefix"],
    ["--src-prefix=i/", "--dst-prefix=w/"],
    ["--src-prefix=old/", "--dst-prefix=new/"],
]


@pytest.mark.parametrize("options", PREFIXES, ids=" ".join)
@pytest.mark.parametrize("path", ["x.c", "drivers/a b/x y.c", "a/b.c", "drivers/gr\u00fcn/x.c", 'q"u\tote.c'])
def test_names_as_git_writes_them(repo, body, options: list[str], path: str):
    text = body()
    repo.commit(**{path: text, "mode.c": "x\n"})
    repo.commit(**{path: text.replace("step_3", "stop_3")})
    (one,) = read(repo.git("diff", *options, "HEAD~").decode())
    assert (one.old_path, one.new_path, one.kind) == (path, path, "modified")
    (new,) = read(repo.git("diff", *options, "HEAD~:", "HEAD:", "--", path).decode())
    assert new.path == path


@pytest.mark.parametrize("options", PREFIXES, ids=" ".join)
def test_kinds_as_git_writes_them(repo, body, options: list[str]):
    text = body()
    repo.commit(
        **{"gone.c": text, "from.c": text + "int x;\n", "mode.c": "m\n", "bin.c": b"\0a" * 9, "pure.c": body(9)}
    )
    (repo.top / "mode.c").chmod(0o755)
    repo.git("rm", "-q", "gone.c")
    repo.git("mv", "from.c", "to.c")
    repo.git("mv", "pure.c", "moved.c")
    (repo.top / "link.c").symlink_to("to.c")
    repo.commit(**{"to.c": text + "int y;\n", "new.c": "int new;\n", "empty.c": "", "bin.c": b"\0b" * 9})
    files = {one.path: one for one in read(repo.git("diff", "-M", *options, "HEAD~").decode())}
    assert {path: one.kind for path, one in files.items()} == {
        "gone.c": "deleted", "to.c": "renamed", "moved.c": "renamed", "mode.c": "mode", "bin.c": "binary",
        "new.c": "new", "empty.c": "new", "link.c": "link",
    }  # fmt: skip
    assert (files["to.c"].old_path, files["gone.c"].new_path, files["new.c"].old_path) == ("from.c", None, None)
    assert files["moved.c"].old_path == "pure.c"
    assert files["moved.c"].hunks == ()


def test_a_binary_patch_is_passed_over(repo):
    repo.commit(**{"bin.c": b"\0a" * 99, "x.c": "a\n"})
    repo.commit(**{"bin.c": b"\0b" * 99, "x.c": "b\n"})
    files = read(repo.git("diff", "--binary", "HEAD~").decode())
    assert [(one.path, one.kind) for one in files] == [("bin.c", "binary"), ("x.c", "modified")]


def test_the_diff_of_a_merge_is_a_problem():
    (one,) = read("diff --cc x.c\nindex 1,2..3\n--- a/x.c\n+++ b/x.c\n@@@ -1,1 -1,1 +1,2 @@@\n  a\n++b\n")
    assert one.kind == "combined"
    assert "merge" in one.problem


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("a/x.c", "b/x.c", "x.c"),
        (
            "linux.orig/fs/x.c\t2026-01-05 10:00:00.000000000 +0000",
            "linux/fs/x.c\t2026-01-05 10:00:01.0 +0000",
            "fs/x.c",
        ),
        ("fs/x.c.orig", "fs/x.c", "fs/x.c"),
        ("fs/x.c\t(revision 1)", "fs/x.c\t(working copy)", "fs/x.c"),
        ("./fs//x.c", "./fs//x.c", "fs/x.c"),
        ("a/fs/x.c 2026-01-05 10:00:00", "b/fs/x.c 2026-01-05 10:00:00", "fs/x.c"),
    ],
)
def test_names_in_plain_diffs(old: str, new: str, path: str):
    (one,) = read(f"--- {old}\n+++ {new}\n{HUNK}")
    assert (one.old_path, one.new_path, one.kind) == (path, path, "modified")


@pytest.mark.parametrize("old", ["/dev/null", "a/x.c"])
def test_a_new_file_in_a_plain_diff(old: str):
    (one,) = read(f"--- {old}\n+++ b/x.c\n@@ -0,0 +1 @@\n+a\n")
    assert (one.old_path, one.new_path, one.kind) == (None, "x.c", "new")


@pytest.mark.parametrize("path", ["../../etc/passwd.c", "/etc/passwd.c", "drivers/../../x.c", "c:/x.c", "a/../x.c"])
def test_names_that_are_refused(path: str):
    text = f"--- {path}\n+++ {path}\n{HUNK}" + section("good.c")
    bad, good = read(text)
    assert "refused" in bad.problem
    assert good.problem is None


def test_an_absolute_name_behind_a_prefix_is_refused():
    (one,) = read(f"diff --git a//etc/x.c b//etc/x.c\n--- a//etc/x.c\n+++ b//etc/x.c\n{HUNK}")
    assert "absolute" in one.problem


def test_a_rename_out_of_the_tree_is_refused():
    text = (
        "diff --git a/x.c b/y.c\nsimilarity index 90%\nrename from ../x.c\nrename to y.c\n--- a/x.c\n+++ b/y.c\n" + HUNK
    )
    (one,) = read(text)
    assert "refused" in one.problem


def test_unwanted_hunks_are_not_read():
    one, two = parse(section("x.rst") + section(), wanted=lambda path: path.endswith(".c"))
    assert (one.hunks, one.kind, len(two.hunks)) == ((), "modified", 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "word\n",
        "---\n",
        "--- a\n",
        "diff --git a/x b/x\n",
        "@@ -1 +1 @@\n-a\n+b\n",
        "".join(f"> {line}\n" for line in section().splitlines()),
    ],
)
def test_no_diff(text: str):
    assert read(text) == []


def test_nul_bytes():
    (one,) = read(section(hunk="@@ -1 +1 @@\n-a\0b\n+a\0c\n"))
    assert one.hunks[0].lines == (("-", b"a\0b"), ("+", b"a\0c"))


def test_bytes_that_are_no_text():
    (one,) = read(section(hunk="@@ -1 +1 @@\n-\udcfc\n+\u2028\x0b\x0c\x85\n"))
    assert one.hunks[0].lines == (("-", b"\xfc"), ("+", "\u2028\x0b\x0c\x85".encode()))
