"""What is suppressed outside the tree, and what a baseline hides."""

from __future__ import annotations

import json
import subprocess

import pytest
from tests.cli.conftest import LEAKING

LEAK = "leak-on-error"


def finding_of(getput, kernel, patch):
    answer = json.loads(getput("check", "--format", "json", patch, cwd=kernel.top).stdout)
    (finding,) = answer["findings"]
    return finding


def answered(getput, kernel, *args, **more):
    done = getput("check", "--format", "json", *args, cwd=kernel.top, **more)
    return done.returncode, json.loads(done.stdout)


@pytest.fixture
def own(kernel):
    """The repository's own file."""
    return kernel.top / ".git" / "getput" / "suppressions.toml"


def test_a_suppressed_finding_is_counted_and_does_not_fail(getput, kernel, leaking, own):
    known = finding_of(getput, kernel, leaking)
    done = getput("suppress", known["fingerprint"], "--reason", "kept on purpose", cwd=kernel.top)
    assert (done.returncode, done.stderr) == (0, "")
    assert str(own) in done.stdout
    status, answer = answered(getput, kernel, leaking)
    assert (status, answer["findings"], answer["stats"]["suppressed"]) == (0, [], 1)
    (hidden,) = answer["suppressed"]
    assert hidden.pop("suppressed") == {"reason": "kept on purpose", "expires": None}
    assert hidden == known
    text = getput("check", leaking, cwd=kernel.top)
    assert text.stdout.endswith("nothing introduced; 1 function judged, applied: blobs, 1 suppressed\n")
    asked = getput("check", "--show-suppressed", leaking, cwd=kernel.top)
    assert asked.returncode == 0
    assert f"(suppressed, high confidence) [{LEAK}]" in asked.stdout
    assert "note: suppressed: kept on purpose" in asked.stdout


def test_the_text_says_the_fingerprint_on_request(getput, kernel, leaking):
    known = finding_of(getput, kernel, leaking)["fingerprint"]
    assert known not in getput("check", leaking, cwd=kernel.top).stdout
    assert f": note: fingerprint {known}\n" in getput("check", "--show-fingerprints", leaking, cwd=kernel.top).stdout


def test_it_holds_until_its_last_day_and_is_stale_after_it(getput, kernel, leaking, own):
    known = finding_of(getput, kernel, leaking)["fingerprint"]
    own.parent.mkdir()
    entry = f'[[suppress]]\nfingerprint = "{known}"\nreason = "for now"\nexpires = '
    own.write_text(entry + "2999-12-31\n")
    status, answer = answered(getput, kernel, leaking)
    assert (status, answer["suppressed"][0]["suppressed"]["expires"]) == (0, "2999-12-31")
    own.write_text(entry + '"2001-01-01"\n')
    done = getput("check", leaking, cwd=kernel.top)
    assert done.returncode == 1
    assert f"{own}: note: suppression {known}: expired on 2001-01-01" in done.stderr
    assert getput("check", "--quiet", leaking, cwd=kernel.top).stderr == ""


def test_one_whose_finding_is_gone_is_stale_where_its_function_was_judged(
    getput, kernel, leaking, clean, tmp_path, own
):
    before = tmp_path / "answer.json"
    before.write_text(getput("check", "--format", "json", leaking, cwd=kernel.top).stdout)
    known = json.loads(before.read_text())["findings"][0]["fingerprint"]
    done = getput("suppress", known, "--reason", "so", "--from", before, cwd=kernel.top)
    assert f"suppression {known} ({LEAK} of demo_read)" in done.stdout
    assert getput("check", leaking, cwd=kernel.top).stderr == ""
    assert "nothing of this fingerprint is found any more" in getput("check", clean, cwd=kernel.top).stderr
    assert getput("check", "--rule", "use-after-put", clean, cwd=kernel.top).stderr == "", "its rule did not run"
    assert getput("check", "--each", clean, leaking, cwd=kernel.top).stderr == "", "one of the two has it"
    other = tmp_path / "other.patch"
    other.write_text(kernel.patch("int other(void)\n{\n\treturn 0;\n}\n", file="drivers/demo/other.c"))
    assert getput("check", other, cwd=kernel.top).stderr == "", "its function was not judged"
    assert "nothing of this fingerprint" in getput("scan", "--no-index", "drivers", cwd=kernel.top).stderr


def test_a_scan_knows_the_same_fingerprints(getput, kernel, leaking):
    known = finding_of(getput, kernel, leaking)["fingerprint"]
    kernel.write(LEAKING)
    getput("suppress", known, "--reason", "so", cwd=kernel.top)
    answer = json.loads(getput("scan", "--no-index", "--format", "json", cwd=kernel.top).stdout)
    assert (answer["findings"], [one["fingerprint"] for one in answer["suppressed"]]) == ([], [known])


def test_which_file_it_is(getput, kernel, leaking, tmp_path, own):
    known = finding_of(getput, kernel, leaking)["fingerprint"]
    for number in range(4):
        (tmp_path / f"{number}.toml").write_text(f'[[suppress]]\nfingerprint = "{known}"\nreason = "{number}"\n')
    own.parent.mkdir()
    own.write_text((tmp_path / "0.toml").read_text())

    def reason(*args):
        return answered(getput, kernel, *args, leaking)[1]["suppressed"][0]["suppressed"]["reason"]

    assert reason() == "0"
    kernel.git("config", "getput.suppressions", str(tmp_path / "1.toml"))
    assert reason() == "1"
    (kernel.top / ".getput.toml").write_text(f'suppressions = "{tmp_path}/2.toml"\n')
    assert reason() == "2"
    assert reason("--suppressions", tmp_path / "3.toml") == "3"


def test_work_trees_share_the_repository_s_file(getput, kernel, leaking, tmp_path, own):
    kernel.git("worktree", "add", "-q", str(tmp_path / "second"), "-b", "second")
    known = finding_of(getput, kernel, leaking)["fingerprint"]
    getput("suppress", known, "--reason", "so", cwd=tmp_path / "second")
    assert own.is_file()
    assert getput("check", leaking, cwd=kernel.top).returncode == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[suppress]]\nfingerprint = "0"\n', "suppress[0]: Object missing required field `reason`"),
        ('[[suppress]]\nfingerprint = "0"\nreason = " "\n', "suppress[0]: a fingerprint and a reason are needed"),
        ('[[suppress]]\nfingerprint = "0"\nreason = "x"\nexpires = "soon"\n', "suppress[0].expires: a day"),
        ('[[suppress]]\nfingerprint = "0"\nraeson = "x"\n', "unknown key `raeson`: did you mean reason?"),
        ('[[supress]]\nfingerprint = "0"\n', "unknown key `supress`: did you mean suppress?"),
        ("[[suppress]\n", "not TOML"),
    ],
)
def test_a_broken_file_is_wrong_usage(getput, kernel, leaking, tmp_path, text, said):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    done = getput("check", "--suppressions", path, leaking, cwd=kernel.top)
    assert done.returncode == 2
    assert done.stderr.startswith(f"getput: check: {path}: ")
    assert said in done.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["0123456789abcdef"], "--reason"),
        (["0123456789abcdef", "--reason", ""], "say why"),
        (["0123", "--reason", "x"], "16 hexadecimal digits"),
        (["0123456789abcdef", "--reason", "x", "--expires", "2001-01-01"], "is past"),
        (["0123456789abcdef", "--reason", "x", "--expires", "tomorrow"], "a day, like"),
        (["0123456789abcdef", "--reason", "x", "--rule", "leak-on-eror"], "did you mean leak-on-error"),
    ],
)
def test_what_would_be_no_use_is_refused(getput, kernel, own, args, said):
    done = getput("suppress", *args, cwd=kernel.top)
    assert done.returncode == 2
    assert said in done.stderr
    assert not own.exists()


def test_any_reason_is_read_back(getput, kernel, own):
    odd = 'he said "x\\y"\n\tand \x7f, é = ["'
    args = ("0123456789abcdef", "--reason", odd, "--expires", "2999-01-01", "--function", "f")
    assert getput("suppress", *args, cwd=kernel.top).returncode == 0
    assert getput("suppress", "0" * 16, "--reason", "second", cwd=kernel.top).returncode == 0
    import tomllib

    first, second = tomllib.loads(own.read_text())["suppress"]
    assert (first["reason"], str(first["expires"]), first["function"]) == (odd, "2999-01-01", "f")
    assert second == {"fingerprint": "0" * 16, "reason": "second"}
    again = getput("suppress", "0" * 16, "--reason", "third", cwd=kernel.top)
    assert (again.returncode, "is suppressed already: second" in again.stderr) == (2, True)


def test_that_it_is_fixed_is_said_all_the_same(getput, kernel, mending, tmp_path):
    base = tmp_path / "base.json"
    getput("scan", "--no-index", "--write-baseline", base, cwd=kernel.top)
    (known,) = json.loads(base.read_text())["findings"]
    getput("suppress", known["fingerprint"], "--reason", "so", cwd=kernel.top)
    status, answer = answered(getput, kernel, "--baseline", base, "--show", "all", mending)
    assert (status, [one["status"] for one in answer["findings"]], "suppressed" in answer) == (0, ["fixed"], False)


# --- baselines ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["json", "jsonl", "written"])
def test_a_baseline_hides_what_it_holds(getput, kernel, leaking, mending, tmp_path, form):
    base = tmp_path / "base.json"
    if form == "written":
        assert getput("scan", "--no-index", "--write-baseline", base, cwd=kernel.top).returncode == 0
    else:
        base.write_text(getput("check", "--each", "--format", form, leaking, cwd=kernel.top).stdout)
    status, answer = answered(getput, kernel, "--baseline", base, "HEAD")
    assert (status, answer["findings"], answer["stats"]["baseline"]) == (0, [], 1)
    assert "1 in the baseline" in getput("check", "--baseline", base, "HEAD", cwd=kernel.top).stdout
    kernel.git("config", "getput.baseline", str(base))
    assert getput("check", "HEAD", cwd=kernel.top).returncode == 0


def test_a_second_bug_of_the_same_kind_is_not_in_the_baseline(getput, kernel, mending, tmp_path):
    base = tmp_path / "base.json"
    getput("scan", "--no-index", "--write-baseline", base, cwd=kernel.top)
    again = LEAKING.replace(
        '\tret = of_property_read_u32(np, "other"',
        '\tnp = of_find_node_by_path("/more");\n\tif (!np)\n\t\treturn -ENODEV;\n'
        '\tret = of_property_read_u32(np, "more", value);\n\tif (ret < 0)\n\t\treturn ret;\n'
        '\tret = of_property_read_u32(np, "other"',
    )
    patch = tmp_path / "again.patch"
    patch.write_text(kernel.patch(again))
    assert getput("check", "--baseline", base, patch, cwd=kernel.top).returncode == 1


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "{}", '{"findings": [{}]}'])
def test_what_is_no_baseline_is_wrong_usage(getput, kernel, leaking, tmp_path, text):
    base = tmp_path / "base.json"
    base.write_text(text)
    done = getput("check", "--baseline", base, leaking, cwd=kernel.top)
    assert (done.returncode, str(base) in done.stderr) == ((1, False) if not text else (2, True))


def test_a_written_baseline_is_the_same_each_time(getput, kernel, mending, tmp_path):
    texts = []
    for name in ("a.json", "b.json"):
        getput("scan", "--no-index", "--write-baseline", tmp_path / name, cwd=kernel.top)
        texts.append((tmp_path / name).read_text())
    assert texts[0] == texts[1]
    assert [one["rule"] for one in json.loads(texts[0])["findings"]] == [LEAK]


def test_git_is_not_asked_where_no_file_of_its_settings_speaks_of_getput(kernel, monkeypatch, tmp_path):
    from getput.patch.gitdir import may_say

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    for name in ("GIT_CONFIG_COUNT", "GIT_DIR"):
        monkeypatch.delenv(name, raising=False)
    assert not may_say(kernel.top)
    (tmp_path / ".gitconfig").write_text("[include]\n\tpath = elsewhere\n")
    assert may_say(kernel.top)
    (tmp_path / ".gitconfig").unlink()
    subprocess.run(["git", "config", "GetPut.failOn", "never"], cwd=kernel.top, check=True)
    assert may_say(kernel.top)
