"""What is told of an audit: the same figures as text and as a page, the same rows as JSON and as Parquet."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import xml.dom.minidom
from pathlib import Path

import pytest

from getput.cli.progress import bar, duration
from getput.fleet.page import bars, months
from getput.fleet.report import Row

spec = importlib.util.spec_from_file_location("fleet_made", Path(__file__).with_name("conftest.py"))
made = importlib.util.module_from_spec(spec)
spec.loader.exec_module(made)
EVIL = "<script>alert(1)</script>"


def test_the_page_the_text_and_the_files_say_the_same(audits, tmp_path):
    hostile = made.alone(0, more=f"List-Id: <{EVIL.replace(' ', '')}.x>\n").replace("Subject: ", f"Subject: {EVIL} ")
    (tmp_path / "box").write_text(
        made.mbox(hostile, made.alone(3), made.alone(1), "From: a@x\nSubject: hello\n\nNo patch.\n")
    )
    parquet = tmp_path / "r.parquet"
    pytest.importorskip("pyarrow", reason="pyarrow is not installed (the extra parquet)")
    from pyarrow.parquet import read_table

    rows = audits.run(tmp_path / "box", more=("--parquet", str(parquet)))
    text = audits.said.stdout
    assert "4 mails or commits read, 1 of them without a patch" in text
    assert "3 of 3 judged: 2 introduced, 1 clean" in text
    assert re.search(r"by month\n  2026-01 +2 ", text)
    assert re.search(r"by subsystem\n  drivers/demo0 +1 .*\n  drivers/demo3 +1 ", text)
    assert json.loads(json.dumps(read_table(parquet).to_pylist())) == rows
    page = subprocess.run(
        audits.command("--out", tmp_path / "r", "--format", "html"), capture_output=True, text=True, check=True
    ).stdout
    assert EVIL not in page
    assert "http" not in page.replace("http-equiv", "")
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(pictures) == 6
    for picture in pictures:
        xml.dom.minidom.parseString(picture)
    assert "2 findings in 3 patches" in page


def test_bars_are_as_long_as_what_they_count():
    widths = re.findall(r'<rect [^>]*width="([\d.]+)"', bars([Row("a", 10), Row("b", 5)]))
    assert float(widths[0]) == 2 * float(widths[1])


def test_what_is_too_much_for_a_plot_is_summed_up():
    assert "5 others" in bars([Row(str(number), 2) for number in range(20)])


def test_months_without_findings_have_a_column_and_lying_clocks_have_no_thousands():
    assert months([Row("2025-11", 1), Row("2026-02", 3)]).count("<rect") == 4
    assert months([Row("1970-01", 1), Row("9999-02", 3)]).count("<rect") == 2
    assert "1 of mails without a date" in months([Row("(unknown)", 1), Row("2026-02", 3)])


def test_progress_says_how_fast_and_how_long():
    assert bar(400, 1000, "patches", 20.0) == "[########............] 400 of 1,000 patches, 20 a second, 30 s left"
    assert bar(5, None, "mails read", 2.5) == "5 mails read, 2.5 a second"
    assert [duration(seconds) for seconds in (40, 600, 12_000, 187_200)] == [
        "40 s",
        "10 min",
        "3 h 20 min",
        "2 days 4 h",
    ]
