"""``getput fix`` and ``--fix``: what mends a patch, as a user gets it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

FILE = "drivers/demo/demo.c"
PUT = "+\t\tof_node_put(np);"


def applied(kernel, mail: str) -> None:
    """Have git apply a mail as a commit."""
    kernel.git("am", "-q", stdin=mail)


@pytest.fixture
def unmendable(kernel, tmp_path):
    """A patch whose bug no edit mends: what a callee that nobody knows takes over is put under a question nobody can read."""
    before = "int demo(struct demo *d)\n{\n\treturn 0;\n}\n"
    after = (
        "int demo(struct demo *d)\n{\n\tif (!kref_get_unless_zero(&d->ref)) {\n\t\tkref_put(&d->ref, demo_free), demo_note(d);\n"
        "\t\treturn -ENOENT;\n\t}\n\tdemo_use(d);\n\tkref_put(&d->ref, demo_free);\n\treturn 0;\n}\n"
    )
    kernel.write(before, "drivers/demo/other.c")
    kernel.commit("demo: another")
    path = tmp_path / "unmendable.patch"
    path.write_text(kernel.patch(after, file="drivers/demo/other.c"))
    return path


def test_the_patch_mends_what_the_other_brings(getput, kernel, leaking, tmp_path) -> None:
    """git takes both, one after the other, and nothing is introduced by the two together."""
    done = getput("fix", leaking, cwd=kernel.top)
    assert (done.returncode, done.stderr) == (0, "")
    assert PUT in done.stdout
    assert kernel.git("status", "--porcelain") == ""
    applied(kernel, leaking.read_text())
    applied(kernel, done.stdout)
    assert kernel.git("log", "-1", "--format=%s") == "demo: fix reference counting in demo_read()"
    both = getput("check", "HEAD~2..HEAD", "--format", "json", "--show", "all", cwd=kernel.top)
    found = json.loads(both.stdout)["findings"]
    assert [one["mended_by"] for one in found if one["status"] == "introduced"] == [1]
    assert getput("fix", "HEAD~2..HEAD", cwd=kernel.top).stdout == ""


def test_what_the_author_fills_in_stands_below_the_line(getput, kernel, leaking) -> None:
    """The comment does not get into the commit."""
    mail = getput("fix", leaking, cwd=kernel.top).stdout
    head, _, below = mail.partition("\n---\n")
    assert "Fixes:" not in head
    assert below.startswith("# ")
    assert "Fixes:" in below.partition("\ndiff --git")[0]


def test_the_same_input_gives_the_same_bytes(getput, kernel, leaking) -> None:
    """Twice, with any seed."""
    said = {getput("fix", leaking, cwd=kernel.top, PYTHONHASHSEED=seed).stdout for seed in ("1", "2", "3")}
    assert len(said) == 1


def test_into_a_file(getput, kernel, leaking, tmp_path) -> None:
    """Standard output stays empty."""
    out = tmp_path / "fix.patch"
    done = getput("fix", leaking, "-o", out, cwd=kernel.top)
    assert (done.returncode, done.stdout) == (0, "")
    assert PUT in out.read_text()
    assert getput("fix", leaking, "-o", tmp_path / "no" / "fix.patch", cwd=kernel.top).returncode == 2


def test_apply_changes_the_file_that_has_the_patch(getput, kernel, leaking) -> None:
    """A tree without it is refused and left alone."""
    clean = (kernel.top / FILE).read_text()
    done = getput("fix", "--apply", leaking, cwd=kernel.top)
    assert done.returncode == 2
    assert "apply that first" in done.stderr
    assert (kernel.top / FILE).read_text() == clean
    applied(kernel, leaking.read_text())
    (kernel.top / FILE).chmod(0o755)
    assert getput("fix", "--apply", "-o", "/dev/null", leaking, cwd=kernel.top).returncode == 0
    assert "\t\tof_node_put(np);\n\t\treturn ret;\n" in (kernel.top / FILE).read_text()
    assert (kernel.top / FILE).stat().st_mode & 0o777 == 0o755
    assert getput("check", "--staged", cwd=kernel.top).returncode in (0, 2)


def test_apply_stays_inside_the_tree(getput, kernel, leaking, tmp_path) -> None:
    """A link that leads out of it is not followed."""
    applied(kernel, leaking.read_text())
    outside = tmp_path / "outside.c"
    outside.write_text((kernel.top / FILE).read_text())
    (kernel.top / FILE).unlink()
    (kernel.top / FILE).symlink_to(outside)
    before = outside.read_text()
    assert getput("fix", "--apply", "HEAD", cwd=kernel.top).returncode == 2
    assert outside.read_text() == before


@pytest.mark.parametrize(
    ("answer", "taken", "status"),
    [("y\n", True, 0), ("n\n", False, 1), ("q\n", False, 1), ("", False, 1), ("what\ny\n", True, 0)],
)
def test_interactive(getput, kernel, leaking, answer, taken, status) -> None:
    """Asks on standard error, and takes what is agreed to."""
    done = getput("fix", "--interactive", leaking, cwd=kernel.top, stdin=answer)
    assert "[y/n/q/?]" in done.stderr
    assert "is not dropped on this error exit" in done.stderr
    assert (PUT in done.stdout) == taken
    assert done.returncode == status
    assert ("q  leave it, and all that follow\n" in done.stderr) == (answer == "what\ny\n")
    assert done.stderr.endswith("getput: no fix was taken\n") == (not taken)
    assert "] getput: " not in done.stderr or answer, "what follows the end of the input begins a line"


def test_interactive_cannot_read_the_patch_from_there_too(getput, kernel, leaking) -> None:
    """Standard input is one."""
    assert getput("fix", "--interactive", "-", cwd=kernel.top, stdin=leaking.read_text()).returncode == 2


def test_several_bugs_in_one_file_are_mended_together(getput, kernel, tmp_path, leaking) -> None:
    """Their edits do not get in each other's way."""
    twice = leaking_twice()
    path = tmp_path / "twice.patch"
    path.write_text(kernel.patch(twice))
    done = getput("fix", path, cwd=kernel.top)
    assert done.returncode == 0
    assert done.stdout.count(PUT) == 2
    applied(kernel, path.read_text())
    applied(kernel, done.stdout)


def leaking_twice() -> str:
    """A function that loses a node, and another that loses its own."""
    one = (
        '\nint demo_read%d(u32 *value)\n{\n\tstruct device_node *np;\n\n\tnp = of_find_node_by_path("/demo");\n\tif (!np)\n'
        '\t\treturn -ENODEV;\n\tif (of_property_read_u32(np, "value", value))\n\t\treturn -EINVAL;\n\tof_node_put(np);\n\treturn 0;\n}\n'
    )
    return "#include <linux/of.h>\n" + one % 1 + one % 2


def test_what_cannot_be_mended_is_said(getput, kernel, unmendable) -> None:
    """On standard error, with the reason; the exit status tells, too."""
    assert getput("check", unmendable, cwd=kernel.top).returncode == 1
    done = getput("fix", unmendable, cwd=kernel.top)
    assert (done.returncode, done.stdout) == (1, "")
    assert "is not mended: " in done.stderr


def test_nothing_to_mend(getput, kernel, clean) -> None:
    """No patch, no failure."""
    done = getput("fix", clean, cwd=kernel.top)
    assert (done.returncode, done.stdout) == (0, "")
    assert "nothing to mend" in done.stderr


def test_what_is_no_patch(getput, kernel, tmp_path) -> None:
    """Status 2."""
    path = tmp_path / "letter"
    path.write_text("Dear all\n")
    assert getput("fix", path, cwd=kernel.top).returncode == 2
    assert getput("fix", cwd=kernel.top).returncode == 2


# --- check and scan ----------------------------------------------------------------------------------------------------


def test_check_suggests_in_formats_for_machines(getput, kernel, leaking) -> None:
    """In text only where it is asked for; never where it is not wanted."""
    json_ = [
        json.loads(getput("check", leaking, "--format", "json", *more, cwd=kernel.top).stdout)
        for more in ([], ["--no-fix"])
    ]
    assert [PUT in (one["findings"][0]["fix"] or "") for one in json_] == [True, False]
    assert "this mends it" not in getput("check", leaking, cwd=kernel.top).stdout
    assert PUT in getput("check", "--fix", leaking, cwd=kernel.top).stdout


def test_the_fix_is_against_the_after_image(getput, kernel, leaking) -> None:
    """git applies it to the tree that has the patch."""
    answer = json.loads(getput("check", leaking, "--format", "json", cwd=kernel.top).stdout)
    applied(kernel, leaking.read_text())
    kernel.git("apply", "-", stdin=answer["findings"][0]["fix"])
    assert PUT in kernel.git("diff")


def test_scan_suggests_where_it_is_asked(getput, kernel, leaking) -> None:
    """Against the file as it stands."""
    applied(kernel, leaking.read_text())
    said = json.loads(getput("scan", FILE, "--format", "json", cwd=kernel.top).stdout)["findings"]
    assert [one["fix"] for one in said] == [None]
    said = json.loads(getput("scan", "--fix", FILE, "--format", "json", cwd=kernel.top).stdout)["findings"]
    kernel.git("apply", "-", stdin=said[0]["fix"])
    assert json.loads(getput("scan", FILE, "--format", "json", cwd=kernel.top).stdout)["findings"] == []


def test_a_patch_without_findings_loads_nothing_for_it(kernel, clean) -> None:
    """What looks for fixes is imported where there is something to mend."""
    code = (
        "import sys; from getput.cli.main import main\n"
        f"main(['check', '--jobs', '1', '--format', 'json', '--tree', {str(kernel.top)!r}, {str(clean)!r}])\n"
        "sys.exit(any(name.startswith('getput.verdict.') and name.rpartition('.')[2] in ('fixes', 'case', 'edits', 'policy') for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, cwd=kernel.top)
    assert done.returncode == 0, done.stderr
