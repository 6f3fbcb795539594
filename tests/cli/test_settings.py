"""Settings by path, by rule and from git, and what is said of mistakes in them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from getput.config import ConfigError, FailOn, Part, Settings, git, load, settled
from getput.config.paths import named
from getput.model import Confidence, Severity
from getput.verdict import suppress

LEAK = "leak-on-error"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("min_confidance = 'low'", "unknown key `min_confidance`: did you mean min_confidence?"),
        ("min_confidence = 'hihg'", "one of high, medium, low: did you mean high?"),
        ("[rules]\nmin_confidence = { x = 'lo' }", "rules.min_confidence[...]: Invalid enum value 'lo'"),
        ("[[paths]]\ndisable = []", "paths[0]: Object missing required field `match`"),
        ("[[paths]]\nmatch = ['a']\ndisabel = []", "unknown key `disabel`: did you mean disable?"),
        ("apis = ['none.toml']", "apis: no file"),
        ("baseline = 'none.json'", "baseline: no file"),
    ],
)
def test_what_would_be_right_is_said(tmp_path, text, said):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(path, None)
    assert said in str(caught.value)


ACME = """\
int acme_open(void)
{
	void *a = acme_fetch();

	if (!a)
		return -ENODEV;
	if (acme_work(1))
		return -EIO;
	acme_toss(a);
	return 0;
}
"""


@pytest.mark.parametrize("spelled", ['apis = ["mine.toml"]', '[apis]\ntables = ["mine.toml"]'])
def test_tables_can_be_named_both_ways(getput, kernel, tmp_path, spelled):
    patch = tmp_path / "leak.patch"
    patch.write_text(kernel.patch(ACME, file="drivers/demo/acme.c"))
    assert getput("check", patch, cwd=kernel.top).returncode == 0, "nobody knows these functions"
    (kernel.top / ".getput.toml").write_text(spelled + "\n")
    (kernel.top / "mine.toml").write_text(
        'tree = "6.12"\n[families]\nacme = "acme"\n[api]\n'
        'acme_fetch = "take result; fails NULL; of acme; at a.c:1"\nacme_toss = "drop arg0; of acme; at a.c:2"\n'
    )
    done = getput("check", patch, cwd=kernel.top)
    assert (done.returncode, "drivers/demo/acme.c:8:" in done.stdout) == (1, True)


@pytest.mark.parametrize(
    ("pattern", "path", "is_named"),
    [
        ("drivers/staging/**", "drivers/staging/a/b.c", True),
        ("drivers/staging/**", "drivers/stagings/b.c", False),
        ("drivers/staging", "drivers/staging/a/b.c", True),
        ("drivers/staging/", "drivers/staging/b.c", True),
        ("drivers/*/b.c", "drivers/a/b.c", True),
        ("drivers/*/b.c", "drivers/a/c/b.c", False),
        ("**/b.c", "b.c", True),
        ("**/b.c", "a/c/b.c", True),
        ("a/**/b.c", "a/b.c", True),
        ("a/**/b.c", "a/c/d/b.c", True),
        ("*.c", "a/b.c", False),
        ("**/*.h", "a/b.h", True),
        ("a/?.[ch]", "a/b.h", True),
        ("a/?.[!c]", "a/b.c", False),
        ("a+(b).c", "a+(b).c", True),
    ],
)
def test_patterns_of_paths(pattern, path, is_named):
    assert named(path, [pattern]) is is_named


def test_the_later_part_wins(tmp_path):
    (tmp_path / ".getput.toml").write_text(
        """
        [rules]
        disable = ["leak-always"]
        severity = { leak-on-error = "error" }
        min_confidence = { use-after-put = "low" }
        [[paths]]
        match = ["drivers/**"]
        enable = ["leak-always"]
        disable = ["use-after-put"]
        min_confidence = "high"
        [[paths]]
        match = ["drivers/staging/**", "samples/**"]
        enable = ["use-after-put"]
        severity = "note"
        min_confidence = { use-after-put = "medium" }
        """
    )
    settings = load(None, tmp_path)
    assert settings.runs("leak-always"), "some file wants it"
    there = [settings.at(path) for path in ("mm/a.c", "drivers/a.c", "drivers/staging/a.c")]
    assert [one.runs("leak-always") for one in there] == [False, True, True]
    assert [one.runs("use-after-put") for one in there] == [True, False, True]
    assert [one.least_of("use-after-put").value for one in there] == ["low", "high", "medium"]
    assert [one.least_of(LEAK).value for one in there] == ["medium", "high", "high"]
    assert [one.severity_of(LEAK, Severity.WARNING).value for one in there] == ["error", "error", "note"]
    assert settings.least_anywhere is Confidence.LOW


def test_a_path_can_be_left_in_peace(getput, kernel, leaking):
    config = kernel.top / ".getput.toml"
    config.write_text(f'[[paths]]\nmatch = ["drivers/demo/**"]\ndisable = ["{LEAK}"]\n')
    assert getput("check", leaking, cwd=kernel.top).returncode == 0
    assert getput("check", "--rule", LEAK, leaking, cwd=kernel.top).returncode == 1, "the command line wins"
    config.write_text(f'[[paths]]\nmatch = ["drivers/other/**"]\ndisable = ["{LEAK}"]\n')
    assert getput("check", leaking, cwd=kernel.top).returncode == 1
    config.write_text('[[paths]]\nmatch = ["drivers"]\nseverity = "note"\n')
    done = getput("check", leaking, cwd=kernel.top)
    assert (done.returncode, ":14:3: note: " in done.stdout) == (0, True)
    config.write_text('[[paths]]\nmatch = ["drivers"]\ndisable = ["leak-on-eror"]\n')
    assert "no rule leak-on-eror: did you mean leak-on-error" in getput("check", leaking, cwd=kernel.top).stderr


def test_git_s_configuration_is_below_the_file(getput, kernel, leaking):
    def status(*args):
        return getput("check", *args, leaking, cwd=kernel.top).returncode

    assert status() == 1
    kernel.git("config", "getput.failOn", "error")
    assert status() == 0
    assert status("--fail-on", "note") == 1
    (kernel.top / ".getput.toml").write_text('fail_on = "note"\n')
    assert status() == 1


def test_all_that_git_s_configuration_can_say(tmp_path):
    (tmp_path / "config").write_text(
        """
        [getput]
        minConfidence = low
        failOn = never
        disable = put-too-many
        disable =
        disable = leak-always, get-discarded
        disable = use-after-put
        enable = leak-on-error
        iterators = for_each_acme for_each_other
        apis = own.toml
        suppressions = ~/mine.toml
        [getput "leak-on-error"]
        severity = error
        minConfidence = high
        [getput "drivers/staging/**"]
        severity = note
        disable = leak-on-error
        """
    )
    (tmp_path / "own.toml").write_text("")
    asked = ["git", "config", "--file", "config", "--null", "--show-origin", "--get-regexp", r"^getput\."]
    text = subprocess.run(asked, cwd=tmp_path, check=True, capture_output=True).stdout
    assert settled([git.read(text, tmp_path)]) == Settings(
        enable=frozenset({LEAK}),
        disable=frozenset({"leak-always", "get-discarded", "use-after-put"}),
        severity={LEAK: Severity.ERROR},
        least={LEAK: Confidence.HIGH},
        iterators=("for_each_acme", "for_each_other"),
        tables=(tmp_path / "own.toml",),
        min_confidence=Confidence.LOW,
        fail_on=FailOn.NEVER,
        parts=(Part(("drivers/staging/**",), disable=frozenset({LEAK}), severity={"*": Severity.NOTE}),),
        suppressions=Path("~/mine.toml").expanduser(),
    )


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("getput.failon", "wraning", "'wraning' is none of error, warning, note, never: did you mean warning?"),
        ("getput.failsOn", "note", "unknown key: did you mean failOn?"),
        ("getput.disable", "leak-on-eror", "git config: getput: no rule leak-on-eror"),
        ("getput.leak-on-eror.severity", "note", "git config: getput: no rule leak-on-eror"),
        ("getput.leak-on-error.disable", "x", "unknown key: one of severity, minConfidence"),
        ("getput.apis", "none.toml", "none.toml"),
    ],
)
def test_a_mistake_in_git_s_configuration_is_named(getput, kernel, leaking, key, value, said):
    kernel.git("config", key, value)
    done = getput("check", leaking, cwd=kernel.top)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


# --- the documentation -------------------------------------------------------------------------------------------------

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def documented(tmp_path):
    """A folder with what the page has as examples."""
    config, suppressions, table, _ = blocks("toml")
    for name, text in ((".getput.toml", config), ("known.toml", suppressions), ("acme-apis.toml", table)):
        (tmp_path / name).write_text(text)
    (tmp_path / "known.json").write_text('{"findings": []}')
    return tmp_path


def test_the_documented_file_says_everything(documented):
    settings = load(None, documented)
    assert settings.suppressions == documented / "known.toml"
    assert settings.baseline == documented / "known.json"
    assert settings.tables == (documented / "acme-apis.toml",)
    assert settings.parts[0].severity == {"*": Severity.NOTE}
    said = {name for name in Settings.__struct_fields__ if getattr(settings, name) != getattr(Settings(), name)}
    assert said == set(Settings.__struct_fields__) - {"min_confidence", "fail_on"}, "these stand there as they are"


def test_the_documented_section_of_git_s_configuration(tmp_path):
    (tmp_path / "config").write_text(blocks("ini")[0])
    asked = ["git", "config", "--file", "config", "--null", "--show-origin", "--get-regexp", r"^getput\."]
    text = subprocess.run(asked, cwd=tmp_path, check=True, capture_output=True).stdout
    settings = settled([git.read(text, tmp_path)])
    assert settings.disable == {"use-after-put", "put-too-many"}
    assert settings.suppressions == Path("~/kernel/known.toml").expanduser()
    assert settings.parts[0].least == {"*": Confidence.HIGH}


def test_the_documented_table_suppression_and_complaint(getput, documented):
    (entry,) = suppress.read(documented / "known.toml")
    assert str(entry.expires) == "2027-01-31"
    table = documented / "acme-apis.toml"
    said = getput("apis", "--table", table, "acme_port_find")
    assert (said.returncode, "fails    with NULL" in said.stdout) == (0, True)
    table.write_text(table.read_text().replace("fails NULL", "fails null"))
    line = next(line.strip() for line in PAGE.splitlines() if line.startswith("    acme-apis.toml:"))
    start, _, end = line.partition("...")
    complaint = getput("apis", "--table", table, "acme_port_find").stderr
    assert f"{documented}/{start}" in complaint
    assert complaint.rstrip("\n").endswith(end)
