"""``.getput.toml``: what it can say, and what is said of a broken one."""

from __future__ import annotations

from pathlib import Path

import pytest

from getput.config import ConfigError, FailOn, Settings, load
from getput.model import Confidence, Severity


def test_no_file_is_the_defaults(tmp_path):
    assert load(None, tmp_path) == load(None, None) == Settings()


def test_everything_can_be_said(tmp_path):
    (tmp_path / "mine.toml").write_text("")
    (tmp_path / ".getput.toml").write_text(
        """
        min_confidence = "low"
        fail_on = "never"
        [rules]
        enable = ["leak-on-error", "use-after-put"]
        disable = ["use-after-put"]
        severity = { leak-on-error = "error" }
        [parser]
        iterators = ["for_each_acme_port"]
        [apis]
        tables = ["mine.toml"]
        """
    )
    settings = load(None, tmp_path)
    assert settings == Settings(
        enable=frozenset({"leak-on-error", "use-after-put"}),
        disable=frozenset({"use-after-put"}),
        severity={"leak-on-error": Severity.ERROR},
        iterators=("for_each_acme_port",),
        tables=(tmp_path / "mine.toml",),
        min_confidence=Confidence.LOW,
        fail_on=FailOn.NEVER,
    )
    assert settings.runs("leak-on-error")
    assert not settings.runs("use-after-put")
    assert not settings.runs("put-too-many"), "enable names all that run"
    assert settings.named_rules == ("leak-on-error", "use-after-put")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fail_on = 'sometimes'", "fail_on: Invalid enum value 'sometimes'"),
        ("colour = true", "unknown key `colour`"),
        ("[rules]\nenabled = []", "rules: unknown key `enabled`"),
        ("[rules]\nenable = 'leak-on-error'", "rules.enable: Expected `array`"),
        ("[rules.severity]\nleak-on-error = 'fatal'", "rules.severity[...]: Invalid enum value 'fatal'"),
        ("[parser]\niterators = [1]", "parser.iterators[0]: Expected `str`"),
        ("[apis]\ntables = ['none.toml']", "apis.tables: no file"),
        ("min_confidence = ", "not TOML"),
        ("\x80", "not TOML"),
    ],
)
def test_a_broken_file_is_named_with_the_key(tmp_path, text, said):
    path = tmp_path / "mine.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError) as caught:
        load(path, None)
    assert str(caught.value).startswith(f"{path}: ")
    assert said in str(caught.value)


def test_a_named_file_must_be_there(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "none.toml", None)


def test_a_broken_configuration_is_wrong_usage(getput, kernel, leaking):
    (kernel.top / ".getput.toml").write_text("[rules]\ndisable = ['leak-on-eror']\n")
    done = getput("check", leaking, cwd=kernel.top)
    assert done.returncode == 2
    assert f"{kernel.top}/.getput.toml: rules: no rule leak-on-eror: did you mean leak-on-error" in done.stderr


def test_a_broken_table_is_wrong_usage(getput, kernel, leaking, clean):
    (kernel.top / ".getput.toml").write_text("[apis]\ntables = ['mine.toml']\n")
    (kernel.top / "mine.toml").write_text("[api]\nacme_get = 'grab result'\n")
    done = getput("check", "--each", leaking, clean, cwd=kernel.top)
    assert done.returncode == 2
    assert f"{kernel.top}/mine.toml" in done.stderr
    assert "acme_get" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_table_is_relative_to_the_file_that_names_it(tmp_path):
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "mine.toml").write_text("")
    config = tmp_path / "conf" / "getput.toml"
    config.write_text('[apis]\ntables = ["mine.toml"]\n')
    assert load(config, None).tables == (Path(tmp_path, "conf", "mine.toml"),)
