"""``getput check``, as a developer, a hook and a bot run it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import LEAKING

LEAK = "leak-on-error"


def answers(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_leak_is_said_and_fails(getput, kernel, leaking):
    done = getput("check", leaking, cwd=kernel.top)
    assert done.returncode == 1
    first = done.stdout.splitlines()[1]
    assert first.startswith("drivers/demo/demo.c:14:")
    assert ": warning: " in first
    assert first.endswith(f"[{LEAK}]")
    assert "note: " in done.stdout
    assert "1 introduced" in done.stdout.splitlines()[-1]
    assert done.stderr == ""


def test_a_clean_patch_passes(getput, kernel, clean):
    done = getput("check", clean, cwd=kernel.top)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{clean}: nothing introduced; 1 function judged")


def test_quiet_says_nothing_of_a_clean_patch(getput, kernel, clean):
    done = getput("check", "-q", clean, cwd=kernel.top)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_anchor_is_a_changed_line(getput, kernel, leaking):
    done = getput("check", "--format", "json", leaking, cwd=kernel.top)
    (finding,) = json.loads(done.stdout)["findings"]
    assert finding["status"] == "introduced"
    assert finding["anchor"]["file"] == "drivers/demo/demo.c"
    assert finding["anchor"]["line"] in (13, 14)
    assert finding["anchor"]["side"] == "after"
    assert finding["fingerprint"]


def test_standard_input(getput, kernel, leaking):
    done = getput("check", "-", cwd=kernel.top, stdin=leaking.read_bytes())
    assert done.returncode == 1
    assert LEAK in done.stdout


def test_tree_from_elsewhere(getput, kernel, leaking, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert getput("check", "--tree", kernel.top, leaking, cwd=elsewhere).returncode == 1


def test_a_revision(getput, kernel, mending):
    done = getput("check", "HEAD", cwd=kernel.top)
    assert done.returncode == 1
    assert LEAK in done.stdout


def test_staged(getput, kernel, leaking):
    kernel.git("apply", "--index", str(leaking))
    assert getput("check", "--staged", cwd=kernel.top).returncode == 1


def test_nothing_staged_is_no_failure(getput, kernel):
    assert getput("check", "--staged", cwd=kernel.top).returncode == 0


def test_fixed_is_shown_on_request_only(getput, kernel, mending):
    silent = getput("check", mending, cwd=kernel.top)
    assert silent.returncode == 0
    assert LEAK not in silent.stdout
    asked = getput("check", "--show", "introduced,fixed", mending, cwd=kernel.top)
    assert asked.returncode == 0
    assert " fixed: " in asked.stdout


def test_what_is_not_shown_still_counts(getput, kernel, leaking):
    done = getput("check", "--show", "fixed", leaking, cwd=kernel.top)
    assert done.returncode == 1
    assert LEAK not in done.stdout


@pytest.mark.parametrize(("what", "status"), [("error", 0), ("warning", 1), ("note", 1), ("never", 0)])
def test_fail_on(getput, kernel, leaking, what, status):
    done = getput("check", "--fail-on", what, leaking, cwd=kernel.top)
    assert done.returncode == status
    assert LEAK in done.stdout


def test_only_other_rules(getput, kernel, leaking):
    assert getput("check", "--no-rule", LEAK, leaking, cwd=kernel.top).returncode == 0
    assert getput("check", "--rule", "use-after-put", leaking, cwd=kernel.top).returncode == 0
    assert getput("check", "--rule", LEAK, leaking, cwd=kernel.top).returncode == 1


def test_a_configuration_in_the_tree(getput, kernel, leaking):
    (kernel.top / ".getput.toml").write_text(f'[rules]\ndisable = ["{LEAK}"]\n')
    assert getput("check", leaking, cwd=kernel.top).returncode == 0
    assert getput("check", "--rule", LEAK, leaking, cwd=kernel.top).returncode == 1, "the command line wins"


def test_another_severity(getput, kernel, leaking, tmp_path):
    config = tmp_path / "strict.toml"
    config.write_text(f'fail_on = "error"\n[rules.severity]\n{LEAK} = "error"\n')
    done = getput("check", "--config", config, leaking, cwd=kernel.top)
    assert done.returncode == 1
    assert ": error: " in done.stdout


def test_each_answers_one_line_an_input_in_order(getput, kernel, leaking, clean, tmp_path):
    bad = tmp_path / "bad.patch"
    bad.write_text("no patch at all\n")
    names = [str(path) for path in (clean, bad, leaking, clean)]
    done = getput("check", "--each", "--format", "jsonl", *names, cwd=kernel.top)
    said = answers(done.stdout)
    assert [row["input"] for row in said] == names
    assert [len(row["findings"]) for row in said] == [0, 0, 1, 0]
    assert [bool(row["errors"]) for row in said] == [False, True, False, False]
    assert done.returncode == 1


def test_one_bad_input_is_no_failure_of_the_others(getput, kernel, clean, tmp_path):
    bad = tmp_path / "bad.patch"
    bad.write_text("no patch at all\n")
    assert getput("check", "--each", bad, clean, cwd=kernel.top).returncode == 0
    assert getput("check", "--each", bad, bad, cwd=kernel.top).returncode == 2


def test_any_number_of_processes_gives_the_same_bytes(getput, kernel, leaking, clean):
    inputs = [leaking, clean] * 12
    said = {
        getput("check", "--each", "--format", form, "--jobs", jobs, *inputs, cwd=kernel.top).stdout
        for jobs in (1, 2, 5)
        for form in ("jsonl",)
    }
    assert len(said) == 1


def test_timing_is_asked_for(getput, kernel, leaking):
    without, again = (getput("check", "--format", "json", leaking, cwd=kernel.top).stdout for _ in range(2))
    assert without == again
    assert json.loads(without)["stats"]["elapsed_ms"] == 0
    timed = getput("check", "--format", "json", "--timing", leaking, cwd=kernel.top).stdout
    assert json.loads(timed)["stats"]["elapsed_ms"] > 0


def on_a_terminal(*args: object, cwd: Path, **environment: str) -> str:
    """What the command writes when standard output is a terminal."""
    ours, theirs = pty.openpty()
    env = {key: value for key, value in os.environ.items() if key != "NO_COLOR"} | {"TERM": "xterm"} | environment
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        subprocess.run([sys.executable, "-m", "getput", *map(str, args)], cwd=cwd, stdout=theirs, env=env, check=False)
        os.close(theirs)
        text = b""
        try:
            while chunk := terminal.read(65536):
                text += chunk
        except OSError:  # how Linux says that the other side is closed
            pass
    return text.decode()


def test_colors_on_a_terminal_only(getput, kernel, leaking):
    assert "\x1b[" in on_a_terminal("check", leaking, cwd=kernel.top)
    assert "\x1b[" not in on_a_terminal("check", leaking, cwd=kernel.top, NO_COLOR="1")
    assert "\x1b[" not in on_a_terminal("check", "--no-color", leaking, cwd=kernel.top)
    assert "\x1b[" not in getput("check", leaking, cwd=kernel.top).stdout


def test_the_demo(getput):
    demo = Path(__file__).parents[2] / "fixtures" / "demo"
    (patch,) = demo.glob("*.patch")
    done = getput("check", "--tree", demo, patch)
    assert done.returncode == 1
    assert "drivers/soc/acme/acme-power.c:28:3: warning: " in done.stdout
    assert done.stdout.count("warning:") == 1


TWICE = LEAKING.replace('"other", value);\n', '"other", value);\n\tif (ret)\n\t\treturn ret;\n').replace(
    "return ret;\n}", "return 0;\n}"
)
HALF = TWICE.replace("\tif (ret)\n\t\treturn ret;\n", "\tif (ret) {\n\t\tof_node_put(np);\n\t\treturn ret;\n\t}\n", 1)
WHOLE = HALF.replace("\tif (ret)\n\t\treturn ret;\n", "\tif (ret) {\n\t\tof_node_put(np);\n\t\treturn ret;\n\t}\n", 1)
SUBJECT = "demo: fix refcount leak in demo_read()"


@pytest.mark.parametrize(
    ("mended", "verdict", "status"),
    [
        (WHOLE, "complete", 0),
        (HALF, "partly", 1),
        (HALF.replace("\tof_node_put(np);\n\n", "\tof_node_put(np);\n\tof_node_put(np);\n\n"), "overdone", 1),
        (TWICE.replace("-ENODEV", "-ENOENT"), "unseen", 0),
    ],
)
def test_a_claim_to_mend_is_verified(getput, kernel, tmp_path, mended, verdict, status):
    kernel.write(TWICE)
    kernel.commit("demo: read more")
    mail = tmp_path / "fix.patch"
    mail.write_text(kernel.patch(mended, SUBJECT))
    done = getput("check", "--verify-fix", "--format", "json", mail, cwd=kernel.top)
    said = json.loads(done.stdout)
    (one,) = said["verified"]
    assert (one["patch"], one["verdict"], done.returncode) == (0, verdict, status)
    shown = {finding["fingerprint"] for finding in said["findings"]}
    assert shown == {*one["fixed"], *one["left"], *one["brought"]}
    text = getput("check", "--verify-fix", mail, cwd=kernel.top).stdout.splitlines()
    assert text[-2].startswith(f"[PATCH] {SUBJECT}: ")


def test_a_commit_s_message_counts_as_a_claim(getput, kernel):
    kernel.write(TWICE)
    kernel.commit("demo: read more")
    kernel.write(WHOLE)
    kernel.commit(
        'demo: put right what fails\n\nThe node\'s reference leaks.\n\nFixes: 0123456789ab ("demo: read more")'
    )
    done = getput("check", "--verify-fix", "HEAD", cwd=kernel.top)
    assert "demo: put right what fails: mended on every path" in done.stdout


def test_a_patch_that_claims_nothing_gets_no_verdict(getput, kernel, clean):
    done = getput("check", "--verify-fix", "--format", "json", clean, cwd=kernel.top)
    assert "verified" not in json.loads(done.stdout)
