"""Both images of a touched file, from trees, blobs and hunks."""

from __future__ import annotations

import pytest
from tests.patch.images import agrees, change, lines, only, plain

EDITS = {
    "change": [("step_20", "stop_20")],
    "add": [("\tstep_20(", "\tnew_1();\n\tnew_2();\n\tstep_20(")],
    "remove": [("\tstep_20(dev, 20);\n", "")],
    "several": [("\tstep_3(", "\tnew();\n\tstep_3("), ("\tstep_18(dev, 18);\n", ""), ("step_33", "stop_33")],
    "first line": [("int demo_run", "long demo_run")],
    "last line": [("return 0;\n}\n", "return 1;\n}\n")],
    "end without newline": [("\treturn 0;\n}\n", "\treturn 0;\n}")],
}


@pytest.fixture(params=EDITS.values(), ids=EDITS.keys())
def edit(request, body):
    before = after = body()
    for old, new in request.param:
        assert old in after
        after = after.replace(old, new)
    return before, after


@pytest.mark.parametrize("context", ["-U3", "-U1", "-U8"])
def test_not_yet_applied(repo, read, tmp_path, edit, context):
    mail = change(repo, *edit, context)
    got = read(mail, plain(repo, tmp_path))
    assert (got.patches[0].applied, got.problems) == ("forward", ())
    agrees(only(got), *edit)


@pytest.mark.parametrize("context", ["-U3", "-U1", "-U8"])
def test_already_applied(repo, read, tmp_path, edit, context):
    mail = change(repo, *edit, context)
    repo.write("x.c", edit[1])
    repo.commit()
    got = read(mail, plain(repo, tmp_path))
    assert (got.patches[0].applied, got.problems) == ("already", ())
    agrees(only(got), *edit)


@pytest.mark.parametrize("applied", ["forward", "already"])
def test_the_other_way_round(repo, read, tmp_path, edit, applied):
    """A patch from after to before."""
    before, after = edit
    mail = change(repo, after, before)
    repo.commit(**{"x.c": after if applied == "forward" else before})
    got = read(mail, plain(repo, tmp_path))
    assert got.patches[0].applied == applied
    agrees(only(got), after, before)


MORE = "/* " + "\n * more\n" * 30 + " */\n"


@pytest.mark.parametrize("applied", ["forward", "already"])
def test_with_an_offset(repo, read, tmp_path, edit, applied):
    if "}" not in edit[1][-2:]:
        pytest.skip("what follows the end is no offset")
    mail = change(repo, *edit)
    if applied == "forward":
        repo.commit(**{"x.c": MORE + edit[0]})
    else:
        repo.commit(**{"x.c": MORE + edit[1]})
    got = read(mail, plain(repo, tmp_path))
    assert got.patches[0].applied == applied
    agrees(only(got), MORE + edit[0], MORE + edit[1])


@pytest.mark.parametrize("distance", [1, 2, 3, 4])
@pytest.mark.parametrize("applied", ["forward", "already"])
def test_with_fuzz(repo, read, tmp_path, body, applied, distance):
    """The context in the tree differs: two or more lines away from the change that is fuzz; nearer, it is no fit."""
    before = body()
    after = before.replace("\tstep_20(", "\tnew_1();\n\tstep_20(").replace("\tstep_22(dev, 22);\n", "")
    mail = change(repo, before, after)
    near = f"step_{19 - distance + 1}("
    tree_before, tree_after = before.replace(near, "other("), after.replace(near, "other(")
    repo.commit(**{"x.c": tree_before if applied == "forward" else tree_after})
    got = read(mail, plain(repo, tmp_path))
    if distance == 1:
        assert got.patches[0].applied is None
        assert [problem.message for problem in got.problems] == [
            f"hunk 1 of x.c (line {hunk_line(mail)}) does not apply"
        ]
        assert only(got).status == "failed"
    else:
        assert (got.patches[0].applied, got.problems) == (applied, ())
        agrees(only(got), tree_before, tree_after)


def hunk_line(mail: bytes) -> int:
    return next(number for number, line in enumerate(mail.split(b"\n"), 1) if line.startswith(b"@@"))


def test_the_nearest_of_several_places(repo, read, tmp_path):
    block = "".join(f"\tline_{n}();\n" for n in range(7))
    text = "".join(f"int f{n}(void)\n{{\n{block}}}\n" for n in range(5))
    cut = text.index("int f2")
    after = text[:cut] + text[cut:].replace("line_3", "lane_3", 1)
    mail = change(repo, text, after)
    repo.commit(**{"x.c": "int moved;\n" + text})
    agrees(only(read(mail, plain(repo, tmp_path))), "int moved;\n" + text, "int moved;\n" + after)


def test_what_fits_both_ways_is_not_yet_applied(repo, read, tmp_path):
    """The added line stands there already, once more."""
    before = "int a;\nput(x);\nput(x);\nput(x);\nput(x);\nput(x);\nput(x);\nput(x);\nint b;\n"
    after = before.replace("put(x);\n", "put(x);\nput(x);\n", 1)
    mail = change(repo, before, after)
    got = read(mail, plain(repo, tmp_path))
    assert got.patches[0].applied == "forward"


def test_a_change_that_the_tree_has_elsewhere(repo, read, tmp_path, body):
    """The lines around an addition stand twice in the tree; only where they stand apart it is not applied yet."""
    before = body() + body(name="twin")
    after = before.replace("\tstep_9(", "\tof_node_put(np);\n\tstep_9(")
    mail = change(repo, before, after)
    repo.commit(**{"x.c": "int line;\n" + after})
    got = read(mail, plain(repo, tmp_path))
    assert got.patches[0].applied == "already"
    agrees(only(got), "int line;\n" + before, "int line;\n" + after)


def test_added_lines_that_stand_beside_changed_context(repo, read, tmp_path):
    """Not all context fits either way; but what was added is there."""
    head, added = "\tlast_line(dev);\n}\n\n", "int added(void)\n{\n\treturn 1;\n}\n\n"
    tail = "#ifdef CONFIG_DEMO\nint next(void)\n{\n"
    mail = change(repo, "int first;\n" + head + tail, "int first;\n" + head + added + tail)
    other = "int other;\n/* a word */\n\n"
    repo.commit(**{"x.c": "int first;\n" + other + added + tail})
    got = read(mail, plain(repo, tmp_path))
    assert got.patches[0].applied == "already"
    agrees(only(got), "int first;\n" + other + tail, "int first;\n" + other + added + tail)


def twins(edited: int) -> str:
    """Two functions with the same lines; from *edited* on they have a block more."""
    lines = "".join(f"\tline_{n}();\n" for n in range(5))
    block = "".join(f"\tmore_{n}();\n" for n in range(12))
    functions = [
        f"int twin_{n}(void)\n{{\n"
        + f"\town_{n}();\n" * 40
        + lines
        + (block if n in (edited, 9) else "")
        + lines
        + "}\n"
        for n in (1, 9)
    ]
    return "".join(functions)


@pytest.mark.parametrize("applied", ["forward", "already"])
def test_a_twin_that_has_the_added_lines(repo, read, tmp_path, applied):
    """What the patch adds to one function has long stood in another one, between the same lines."""
    before, after = twins(0), twins(1)
    mail = change(repo, before, after)
    repo.commit(**{"x.c": "int moved;\n" + (before if applied == "forward" else after)})
    got = read(mail, plain(repo, tmp_path))
    assert got.patches[0].applied == applied
    agrees(only(got), "int moved;\n" + before, "int moved;\n" + after)


def test_repeated_lines_with_an_offset(repo, read, tmp_path):
    before = "int a;\n" + "put(x);\n" * 20 + "int b;\n"
    mail = change(repo, before, before.replace("put(x);\n" * 20, "put(x);\n" * 21))
    repo.commit(**{"x.c": "int c;\nint d;\n" + before})
    assert read(mail, plain(repo, tmp_path)).patches[0].applied == "forward"


def test_one_place_for_two_hunks(repo, read, tmp_path):
    """Two functions change alike; the tree has but one of them left."""
    one = "".join(f"\tline_{n}();\n" for n in range(9)) + "}\n"
    mail = change(repo, one * 2, one.replace("line_4", "lane_4") * 2)
    repo.commit(**{"x.c": "int before;\n" + one + "int after;\n"})
    got = read(mail, plain(repo, tmp_path))
    assert only(got).reason.startswith("hunk 2 of x.c")


def test_no_context_at_all(repo, read, tmp_path, edit):
    mail = change(repo, *edit, "-U0")
    got = read(mail, plain(repo, tmp_path))
    agrees(only(got), *edit)
    repo.commit(**{"x.c": edit[1]})
    agrees(only(read(mail, plain(repo, tmp_path))), *edit)


def test_crlf_in_the_file(repo, read, tmp_path, edit):
    before, after = (text.replace("\n", "\r\n") for text in edit)
    mail = change(repo, before, after)
    agrees(only(read(mail, plain(repo, tmp_path))), before, after)


def test_crlf_in_the_file_and_taken_from_the_mail(repo, read, tmp_path, body):
    before, after = body().replace("\n", "\r\n"), body().replace("step_8", "stop_8").replace("\n", "\r\n")
    mail = change(repo, before, after).replace(b"\r\n", b"\n")
    agrees(only(read(mail, plain(repo, tmp_path))), before, after)


def test_crlf_on_the_way(repo, read, tmp_path, edit):
    mail = change(repo, *edit).replace(b"\n", b"\r\n")
    agrees(only(read(mail, plain(repo, tmp_path))), *edit)


def test_a_bare_crlf_diff(repo, read, tmp_path, edit):
    repo.commit(**{"x.c": edit[0]})
    tree = plain(repo, tmp_path)
    repo.commit(**{"x.c": edit[1]})
    diff = repo.git("diff", "HEAD~").replace(b"\n", b"\r\n")
    agrees(only(read(diff, tree)), *edit)


def test_latin1_in_the_file(repo, read, tmp_path, body):
    before = "/* für */\n".encode("latin-1") + body(3).encode()
    repo.commit(**{"x.c": before})
    repo.commit(**{"x.c": before.replace(b"step_0", b"stop_0")})
    mail = repo.mail()
    assert b"f\xfcr" in mail
    file = only(read(mail, plain(repo, tmp_path)))
    assert (file.before, file.after) == (before.replace(b"stop_0", b"step_0"), before.replace(b"step_0", b"stop_0"))


def test_new_and_deleted_files(repo, read, tmp_path, body):
    repo.commit(**{"old.c": body(), "stay.c": "int a;\n"})
    repo.git("rm", "-q", "old.c")
    repo.commit(**{"new.c": body(5), "stay.c": "int b;\n"})
    mail = repo.mail("-1", "--no-renames")
    for revision, applied in (("HEAD~", "forward"), ("HEAD", "already")):
        got = read(mail, plain(repo, tmp_path, revision))
        assert (got.patches[0].applied, got.problems) == (applied, ())
        new, old, stay = got.patches[0].files
        assert (new.path, new.old_path, new.before, new.after) == ("new.c", None, None, body(5).encode())
        assert (new.added, new.removed, new.hunks) == (frozenset(range(1, 10)), frozenset(), ((1, 0, 1, 9),))
        assert (old.path, old.old_path, old.before, old.after) == ("old.c", "old.c", body().encode(), None)
        assert (old.removed, old.added, old.hunks) == (frozenset(range(1, 45)), frozenset(), ((1, 44, 1, 0),))
        assert stay.after == b"int b;\n"


def test_a_deleted_file_without_its_content(repo, read, tmp_path):
    repo.commit(**{"old.c": "int a;\n"})
    repo.git("rm", "-q", "old.c")
    repo.commit()
    mail = repo.mail("-1", "-D")
    file = only(read(mail, plain(repo, tmp_path, "HEAD~")))
    assert (file.before, file.after, file.removed) == (b"int a;\n", None, {1})
    assert only(read(mail, plain(repo, tmp_path, "HEAD"))).status == "skipped"


@pytest.mark.parametrize("detect", ["-M", "-C"])
def test_a_rename(repo, read, tmp_path, body, detect):
    repo.commit(**{"a.c": body(), "b.c": "int b;\n"})
    if detect == "-M":
        repo.git("mv", "a.c", "sub.c")
    repo.commit(
        **{"sub.c": body().replace("step_4", "stop_4"), "a.c" if detect == "-C" else "b.c": body() + "int c;\n"}
    )
    mail = repo.mail("-1", detect)
    for revision, applied in (("HEAD~", "forward"), ("HEAD", "already")):
        got = read(mail, plain(repo, tmp_path, revision))
        assert (got.patches[0].applied, got.problems) == (applied, ())
        (file,) = (file for file in got.patches[0].files if file.path == "sub.c")
        assert file.old_path == "a.c"
        agrees(file, body(), body().replace("step_4", "stop_4"))


def test_what_is_not_judged_is_not_read(repo, read, tmp_path):
    repo.commit(**{"x.rst": "a\n", "mode.c": "int a;\n", "bin.c": b"\0a", "moved.c": "int moved;\n", "y.S": "a\n"})
    (repo.top / "mode.c").chmod(0o755)
    repo.git("mv", "moved.c", "to.c")
    repo.commit(**{"x.rst": "b\n", "bin.c": b"\0b", "y.S": "b\n", "empty.h": ""})
    got = read(repo.mail("-1", "-M"), tmp_path)
    assert {file.path: (file.status, file.reason) for file in got.patches[0].files} == {
        "x.rst": ("skipped", "not C"),
        "y.S": ("skipped", "not C"),
        "mode.c": ("skipped", "only its mode changes"),
        "bin.c": ("skipped", "binary"),
        "to.c": ("skipped", "only its name changes"),
        "empty.h": ("skipped", "no change of content"),
    }
    assert (got.patches[0].applied, got.problems) == (None, ())


@pytest.mark.parametrize("tree", [True, False])
def test_hunks_only(repo, read, tmp_path, edit, tree):
    mail = change(repo, *edit)
    (tmp_path / "elsewhere").mkdir()
    got = read(mail, tmp_path / "elsewhere" if tree else None)
    assert (got.patches[0].applied, got.problems) == ("hunks-only", ())
    file = only(got)
    assert (file.status, file.whole) == ("ready", False)
    before, after = (text.encode().removesuffix(b"\n").split(b"\n") for text in edit)
    for image, whole, changed in ((file.before, before, file.removed), (file.after, after, file.added)):
        for number, line in enumerate(image.split(b"\n"), 1):
            assert line in (b"", *whole[number - 1 : number])
        assert lines(image, changed) == lines(b"\n".join(whole), changed)
    for (a, b, c, d), (old, new) in zip(file.hunks, file.fragments, strict=True):
        assert old.split(b"\n")[:-1] == before[a - 1 : a - 1 + b]
        assert new.split(b"\n")[:-1] == after[c - 1 : c - 1 + d]


def test_one_file_that_does_not_apply(repo, read, tmp_path, body):
    files = {f"{n}.c": body(name=f"f{n}") for n in range(4)}
    repo.commit(**files)
    repo.commit(**{name: text.replace("step_9", "stop_9") for name, text in files.items()})
    mail = repo.mail()
    tree = plain(repo, tmp_path, "HEAD~")
    (tree / "2.c").write_text(body(name="other").replace("step_9", "else"))
    got = read(mail, tree)
    assert [file.status for file in got.patches[0].files] == ["ready", "ready", "failed", "ready"]
    assert got.patches[0].applied == "forward"
    assert [problem.where for problem in got.problems] == ["-"]
    assert "hunk 1 of 2.c (line " in got.problems[0].message


def test_one_direction_for_all_files(repo, read, tmp_path, body):
    """One file fits both ways; the others say which way it is."""
    before = {"x.c": "int a;\n" * 20, "y.c": body(), "z.c": body()}
    repo.commit(**before)
    repo.commit(**{"x.c": "int a;\n" * 21, "y.c": body().replace("step_9", "stop_9"), "z.c": body() + "int z;\n"})
    mail = repo.mail("-1", "--no-renames")
    for revision, applied in (("HEAD~", "forward"), ("HEAD", "already")):
        tree = plain(repo, tmp_path, revision)
        got = read(mail, tree)
        assert got.patches[0].applied == applied
        assert len(got.patches[0].files[0].after.split(b"\n")) == 22
    (tree / "z.c").write_text(body())
    got = read(mail, tree)
    assert (got.patches[0].applied, got.problems) == ("already", ())
    assert got.patches[0].files[2].after == (body() + "int z;\n").encode()
