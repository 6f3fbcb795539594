"""Whole submissions: series, several inputs, odd inputs."""

from __future__ import annotations

import gzip
import os
import random

import pytest

from getput.patch.series import TreeError, default_tree, read_submissions


def evolve(repo, body, count: int = 3) -> list[str]:
    """*count* commits that change one file, and make, change, move and remove others; the texts of x.c."""
    texts = [body()]
    repo.commit("start", **{"x.c": texts[0], "old.c": body(9, "old")})
    for number in range(1, count + 1):
        texts.append(texts[-1].replace("\tstep_9(", f"\tnew_{number}();\n\tstep_9("))
        files = {"x.c": texts[-1], f"n{number}.c": body(5, f"n{number}")}
        if number == 2:
            files["n1.c"] = body(5, "n1") + "int more;\n"
        if number == 3:
            repo.git("mv", "n1.c", "moved.c")
            repo.git("rm", "-q", "old.c")
            files["moved.c"] = body(5, "n1") + "int more;\nint yet;\n"
        repo.commit(f"demo: part {number}", **files)
    return texts


def tree(repo, tmp_path, revision: str):
    return repo.export(revision, tmp_path / f"tree-{len(list(tmp_path.iterdir()))}")


@pytest.mark.parametrize("applied", ["forward", "already"])
@pytest.mark.parametrize("cover", [True, False])
def test_a_series(repo, read, tmp_path, body, applied, cover):
    texts = evolve(repo, body)
    mbox = repo.mail("-3", "--cover-letter" if cover else "--no-cover-letter")
    got = read(mbox, tree(repo, tmp_path, "HEAD~3" if applied == "forward" else "HEAD"))
    assert got.problems == ()
    assert [patch.subject for patch in got.patches] == [f"[PATCH {n}/3] demo: part {n}" for n in (1, 2, 3)]
    assert [patch.applied for patch in got.patches] == [applied] * 3
    assert all(patch.commit for patch in got.patches)
    for number, patch in enumerate(got.patches):
        files = {file.path: file for file in patch.files}
        assert {file.status for file in patch.files} == {"ready"}
        assert files["x.c"].before.decode() == texts[number]
        assert files["x.c"].after.decode() == texts[number + 1]
    moved = {file.path: file for file in got.patches[2].files}["moved.c"]
    assert (moved.old_path, moved.before) == ("n1.c", (body(5, "n1") + "int more;\n").encode())


@pytest.mark.parametrize("applied", ["forward", "already"])
def test_shuffled_files_of_a_series(repo, read, tmp_path, body, applied):
    evolve(repo, body, 12)
    repo.git("format-patch", "-q", "-o", str(tmp_path / "out"), "-12")
    names = sorted((tmp_path / "out").iterdir())
    random.Random(1).shuffle(names)
    got = read(names, tree(repo, tmp_path, "HEAD~12" if applied == "forward" else "HEAD"))
    assert got.problems == ()
    assert [patch.applied for patch in got.patches] == [applied] * 12
    assert [patch.subject for patch in got.patches][-1] == "[PATCH 12/12] demo: part 12"


def test_half_a_series_is_applied(repo, read, tmp_path, body):
    texts = evolve(repo, body)
    got = read(repo.mail("-3"), tree(repo, tmp_path, "HEAD~2"))
    assert [patch.applied for patch in got.patches] == ["already", "forward", "forward"]
    assert [patch.files[0].status for patch in got.patches] == ["ready"] * 3
    assert [problem.message for problem in got.problems] == [
        "[PATCH 1/3] demo: part 1: applies on its own only, not after the patches before it"
    ]
    by_path = [{file.path: file for file in patch.files} for patch in got.patches]
    assert [one["x.c"].before.decode() for one in by_path] == texts[:3]


def test_one_patch_of_a_series(repo, read, tmp_path, body):
    texts = evolve(repo, body)
    middle = repo.git("format-patch", "--stdout", "-3").split(b"\nFrom ")[1]
    for revision, applied in (("HEAD~2", "forward"), ("HEAD~1", "already")):
        got = read(b"From " + middle, tree(repo, tmp_path, revision))
        assert [patch.applied for patch in got.patches] == [applied]
        assert {file.path: file for file in got.patches[0].files}["x.c"].after.decode() == texts[2]


def test_a_thread(repo, read, tmp_path, body):
    """Cover letter, answers with and without a diff, and the same patch twice."""
    evolve(repo, body)
    mbox = repo.mail("-3", "--cover-letter")
    answer = (
        b"From mboxrd@z Thu Jan  1 00:00:00 1970\nFrom: b\nSubject: Re: [PATCH 2/3] demo: part 2\nMessage-ID: <%d>\n\n"
    )
    quoted = b"".join(b"> " + line + b"\n" for line in mbox.split(b"\n"))
    own = b"Try this:\n\n--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-nonsense\n+other\n"
    thread = mbox + answer % 1 + quoted + b"\n" + answer % 2 + own + b"\n" + mbox
    got = read(thread, tree(repo, tmp_path, "HEAD"))
    assert got.problems == ()
    assert [patch.applied for patch in got.patches] == ["already"] * 3


def test_two_versions_of_a_series(repo, read, tmp_path, body):
    evolve(repo, body)
    got = read(repo.mail("-3") + repo.mail("-3", "-v2"), tree(repo, tmp_path, "HEAD~3"))
    assert [patch.subject[:11] for patch in got.patches] == ["[PATCH v2 1", "[PATCH v2 2", "[PATCH v2 3"]
    assert len(got.problems) == 3
    assert "newer version" in got.problems[0].message


def test_each_input_on_its_own(repo, tmp_path, body):
    evolve(repo, body)
    repo.git("format-patch", "-q", "-o", str(tmp_path / "out"), "-3")
    names = [str(name) for name in sorted((tmp_path / "out").iterdir())]
    names.insert(1, str(tmp_path / "missing.patch"))
    reading = read_submissions(names, tree(repo, tmp_path, "HEAD"), each=True)
    got = list(reading)
    assert [one.name for one in got] == names
    assert [len(one.patches) for one in got] == [1, 0, 1, 1]
    assert "no such file" in got[1].problems[0].message


def test_inputs_are_read_when_asked_for(tmp_path):
    reading = read_submissions([f"{tmp_path}/{n}" for n in range(10**5)], tmp_path, each=True)
    assert next(reading).name == f"{tmp_path}/0"


ODD = {
    "empty": b"",
    "blank": b"\n\n\n",
    "words": b"nothing to see here\n",
    "nul bytes": b"\0" * 1000,
    "a mail without diff": b"From: a\nSubject: [PATCH 0/3] cover\n\n diff --git stat\n",
    "binary": bytes(range(256)) * 100,
    "c": b"int main(void)\n{\n\treturn 0;\n}\n",
}


@pytest.mark.parametrize("raw", ODD.values(), ids=ODD.keys())
def test_no_patch_in_it(read, tmp_path, raw):
    file = tmp_path / "odd.patch"
    file.write_bytes(raw)
    for what, name in ((raw, "-"), (file, str(file))):
        got = read(what, tmp_path)
        assert got.patches == ()
        assert [(problem.where, problem.message) for problem in got.problems] == [(name, "no patch in it")]


def test_one_of_several_inputs_is_no_patch(repo, read, tmp_path, body):
    evolve(repo, body, 1)
    (tmp_path / "good").write_bytes(repo.mail())
    (tmp_path / "bad").write_bytes(b"words\n")
    got = read([tmp_path / "bad", tmp_path / "good"], tree(repo, tmp_path, "HEAD"))
    assert [problem.where for problem in got.problems] == [str(tmp_path / "bad")]
    assert [patch.applied for patch in got.patches] == ["already"]


def test_a_folder_is_no_input(read, tmp_path):
    assert "folder" in read(tmp_path, tmp_path).problems[0].message


def test_a_file_that_cannot_be_read(read, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    (tmp_path / "x").touch(mode=0)
    assert "denied" in read(tmp_path / "x", tmp_path).problems[0].message


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000, "-n", "--output=/tmp/x", " ", "", "a\nb", "HEAD:x", "..", "@{u}"])
def test_names_that_are_nothing(repo, read, name):
    repo.commit()
    got = read([name], repo.top)
    assert (got.patches, len(got.problems)) == ((), 1)


def test_a_mail_from_a_pipe(repo, read, tmp_path, body):
    evolve(repo, body, 1)
    end, other = os.pipe()
    os.write(other, repo.mail())
    os.close(other)
    try:
        got = read(f"/dev/fd/{end}", tree(repo, tmp_path, "HEAD"))
    finally:
        os.close(end)
    assert [patch.applied for patch in got.patches] == ["already"]


@pytest.mark.parametrize("what", ["missing", "a file"])
def test_a_tree_that_is_none(tmp_path, what):
    if what == "a file":
        (tmp_path / "tree").touch()
    with pytest.raises(TreeError, match="tree"):
        next(read_submissions(["x"], tmp_path / "tree", each=True))


def test_default_tree(repo, tmp_path):
    repo.write("drivers/demo/x.c", "")
    assert default_tree(repo.top / "drivers/demo") == repo.top
    (tmp_path / "none").mkdir()
    assert default_tree(tmp_path / "none") == tmp_path / "none"


def test_the_same_input_gives_the_same_answer(repo, read, tmp_path, body):
    evolve(repo, body)
    where = tree(repo, tmp_path, "HEAD")
    assert read(repo.mail("-3"), where) == read(repo.mail("-3"), where)


@pytest.mark.parametrize("applied", ["forward", "already"])
def test_files_that_change_places(repo, read, tmp_path, body, applied):
    """Two files swap names, and another takes the name of one that moved; the next patch builds upon that."""
    one, two, three = (body(30, name).replace("step", name) for name in ("one", "two", "three"))
    repo.commit(**{"a.c": one, "b.c": two, "c.c": three})
    for old, new in (("a.c", "t"), ("b.c", "a.c"), ("t", "b.c"), ("c.c", "d.c")):
        repo.git("mv", old, new)
    changed = [text.replace("_9(", "_90(") for text in (one, two, three)]
    repo.commit(**{"b.c": changed[0], "a.c": changed[1], "d.c": changed[2], "c.c": body(20, "new")})
    repo.commit(**{"a.c": changed[1] + "int a;\n", "c.c": body(20, "new") + "int c;\n"})
    mbox = repo.mail("-2", "-B", "-M")
    assert b"rename from a.c" in mbox
    got = read(mbox, tree(repo, tmp_path, "HEAD~2" if applied == "forward" else "HEAD"))
    assert ([patch.applied for patch in got.patches], got.problems) == ([applied] * 2, ())
    files = {file.path: file for file in got.patches[0].files}
    assert (files["a.c"].old_path, files["a.c"].before, files["a.c"].after) == (
        "b.c",
        two.encode(),
        changed[1].encode(),
    )
    assert (files["b.c"].old_path, files["b.c"].before, files["b.c"].after) == (
        "a.c",
        one.encode(),
        changed[0].encode(),
    )
    assert files["c.c"].after == body(20, "new").encode()
    later = {file.path: file for file in got.patches[1].files}
    assert later["a.c"].before == changed[1].encode()


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("options", [[], ["--stat"], ["--pretty=fuller"], ["--decorate"]], ids=" ".join)
def test_what_git_log_prints(repo, read, tmp_path, body, count, options):
    texts = evolve(repo, body)
    printed = repo.git("log", "-p", f"-{count}", *options)
    got = read(printed, tree(repo, tmp_path, "HEAD"))
    assert ([patch.applied for patch in got.patches], got.problems) == (["already"] * count, ())
    assert [patch.subject for patch in got.patches] == [f"demo: part {n}" for n in (1, 2, 3)][-count:]
    assert got.patches[-1].commit == repo.git("rev-parse", "HEAD").decode().strip()
    assert {file.path: file for file in got.patches[-1].files}["x.c"].before.decode() == texts[2]


def test_a_thread_as_an_archive_hands_it_out(repo, read, tmp_path, body):
    evolve(repo, body)
    packed = gzip.compress(repo.mail("-3"))
    where = tree(repo, tmp_path, "HEAD")
    assert [patch.applied for patch in read(packed, where).patches] == ["already"] * 3
    assert "gzip" in read(packed[:3] + b"nonsense" * 9, where).problems[0].message


def test_a_patch_to_a_file_that_an_earlier_one_removed(repo, read, tmp_path, body):
    """As a series that is nonsense; the second patch fits the tree as it is."""
    repo.commit(**{"x.c": body(), "y.c": "int y;\n"})
    repo.commit("demo: change", **{"x.c": body().replace("step_9", "stop_9")})
    second = repo.mail()
    repo.git("reset", "-q", "--hard", "HEAD~")
    repo.git("rm", "-q", "x.c")
    repo.commit("demo: remove", **{"y.c": "int z;\n"})
    got = read(repo.mail() + second, tree(repo, tmp_path, "HEAD~"))
    assert [patch.applied for patch in got.patches] == ["forward", "forward"]
    assert [problem.message for problem in got.problems] == [
        "[PATCH] demo: change: applies on its own only, not after the patches before it"
    ]


@pytest.mark.parametrize("applied", ["forward", "already"])
def test_a_copy_leaves_its_source(repo, read, tmp_path, body, applied):
    repo.commit(**{"x.c": body()})
    repo.commit("demo: copy", **{"y.c": body().replace("step_9", "stop_9")})
    repo.commit("demo: change", **{"x.c": body().replace("step_30", "stop_30")})
    mbox = repo.mail("-2", "-C", "--find-copies-harder")
    assert b"copy from x.c" in mbox
    got = read(mbox, tree(repo, tmp_path, "HEAD~2" if applied == "forward" else "HEAD"))
    assert ([patch.applied for patch in got.patches], got.problems) == ([applied] * 2, ())
    assert [patch.files[0].before for patch in got.patches] == [body().encode()] * 2
