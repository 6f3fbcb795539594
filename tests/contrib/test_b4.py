"""Both of b4's ways to run a check, by the real b4, without the network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig

import pytest
from tests.cli.conftest import CLEAN, LEAKING, WHO

from getput.report import FORMATS

pytest.importorskip("b4", reason="b4 is not installed: pip install getput[test]")

GETPUT = f"{sysconfig.get_path('scripts')}/getput"
# What b4's own runner of checks for reviews makes of the patch on standard input.
REVIEW = """
import email, email.policy, json, sys
import b4
from b4.review import checks
b4._setup_main_config([]) if hasattr(b4, "_setup_main_config") else None
msg = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.EmailPolicy(utf8=True), _class=email.message.EmailMessage)
cmds, _ = checks.load_check_cmds()
print(json.dumps(checks.run_perpatch_checks([("1", msg)], cmds, b4.git_get_toplevel())["1"]))
"""


@pytest.fixture
def run(kernel, tmp_path):
    """A command in the repository, with a home of its own."""
    for name in ("home", "cache", "data"):
        (tmp_path / name).mkdir()
    homes = {"HOME": "home", "XDG_CACHE_HOME": "cache", "XDG_DATA_HOME": "data", "XDG_CONFIG_HOME": "home/.config"}
    for key, value in (("user.name", "A. Developer"), ("user.email", "dev@example.org")):
        kernel.git("config", key, value)

    def run(*command, stdin=""):
        env = {**os.environ, **WHO, **{name: str(tmp_path / at) for name, at in homes.items()}}
        env |= {"GIT_CONFIG_SYSTEM": os.devnull}
        done = subprocess.run(
            command, cwd=kernel.top, env=env, input=stdin, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


def b4(*args):
    return (sys.executable, "-c", "import sys; from b4.command import cmd; sys.exit(cmd())", *args)


@pytest.mark.parametrize("form", ["text", "checkpatch"])
def test_a_branch_that_is_prepared(kernel, run, form):
    if form not in FORMATS:
        pytest.skip(f"this getput has no --format {form}")
    run(*b4("prep", "-n", "demo", "-f", "main"))
    kernel.git("config", "b4.prep-perpatch-check-cmd", f"{GETPUT} check --quiet --format {form} -")
    kernel.write(LEAKING)
    kernel.commit("demo: leak")
    kernel.write(LEAKING.replace('"value"', '"val"'))
    kernel.commit("demo: another name")
    kernel.write(CLEAN)
    kernel.commit("demo: as it was")
    said = run(*b4("prep", "--check"))
    patches = said.partition("---\n")[2].split("---\nSuccess")[0]
    leak, name, was = (patches.partition(f"demo: {title}")[2] for title in ("leak", "another name", "as it was"))
    assert "taken by of_find_node_by_path() is not dropped" in leak.partition("demo: another name")[0]
    assert "getput:" not in name.partition("demo: as it was")[0], "it is silent of a patch that brings nothing"
    assert "getput:" not in was
    assert "Success: 2," in said


@pytest.mark.skipif("b4" not in FORMATS, reason="this getput has no --format b4")
def test_a_patch_that_is_reviewed(kernel, run, leaking, clean):
    kernel.git("config", "b4.review-perpatch-check-cmd", f"{GETPUT} check --quiet --format b4 -")
    (found,) = json.loads(run(sys.executable, "-c", REVIEW, stdin=leaking.read_text()))
    assert found["tool"] == "getput"
    assert found["status"] in ("warn", "fail")
    assert "leak-on-error" in json.dumps(found)
    assert [one["status"] for one in json.loads(run(sys.executable, "-c", REVIEW, stdin=clean.read_text()))] in (
        [],
        ["pass"],
    )


# What b4 itself takes up of the remarks that are left for it, on a branch as `b4 review` makes it: the tracking commit is its tip.
TAKE_UP = """
import json, sys
import b4
from b4.review import _review
b4._setup_main_config([]) if hasattr(b4, "_setup_main_config") else None
top = b4.git_get_toplevel()
branch = b4.git_get_current_branch(top)
cover, tracking = _review.load_tracking(top, branch)
taken = _review._integrate_agent_reviews(top, cover, tracking, sys.argv[1:], tracking["patches"])
print(json.dumps([taken, _review.load_tracking(top, branch)[1]]))
"""
TRACKED = """
import json, sys
from b4.review import _review
tracking = {"series": {"subject": "demo"}, "patches": [{"title": "one"}, {"title": "two"}], "followups": []}
print("demo: a series\\n\\nIts letter.\\n\\n" + _review.make_review_magic_json(tracking))
"""


def test_remarks_that_b4_takes_up(kernel, run, getput):
    """Beside the line that they are about, by the reviewer that they are from; the tracking commit is no patch of the series."""
    kernel.git("checkout", "-q", "-b", "b4/review/demo")
    kernel.write(CLEAN.replace('"value"', '"val"'))
    kernel.commit("demo: another name")
    kernel.write(LEAKING.replace('"value"', '"val"'))
    kernel.commit("demo: read more")
    shas = kernel.git("rev-list", "--reverse", "HEAD~2..HEAD").split()
    kernel.git("commit", "-q", "--allow-empty", "-F", "-", stdin=run(sys.executable, "-c", TRACKED))
    done = getput("check", "-q", "--b4-review", kernel.top, "HEAD~3..HEAD", cwd=kernel.top)
    assert (done.returncode, done.stderr) == (1, "")
    taken, tracking = json.loads(run(sys.executable, "-c", TAKE_UP, *shas))
    assert taken
    one, two = tracking["patches"]
    assert "reviews" not in one
    ((reviewer, review),) = two["reviews"].items()
    assert reviewer == "getput@localhost"
    (comment,) = review["comments"]
    assert "?" in comment["text"]
    line = (kernel.top / comment["path"].removeprefix("b/")).read_text().split("\n")[comment["line"] - 1]
    assert line in ("\tif (ret)", "\t\treturn ret;")
    assert tracking["series"]["reviews"]["getput@localhost"]["note"]
