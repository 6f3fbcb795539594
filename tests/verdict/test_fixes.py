"""What happens where a fix cannot be looked for."""

from __future__ import annotations

from getput.config import Settings
from getput.patch.series import read_submissions
from getput.verdict import fixes
from getput.verdict.edits import Edit
from getput.verdict.judge import Judge

LEAK = """\
diff --git a/acme.c b/acme.c
new file mode 100644
--- /dev/null
+++ b/acme.c
@@ -0,0 +1,12 @@
+int acme(u32 *value)
+{
+	struct device_node *np = of_find_node_by_path("/acme");
+
+	if (!np)
+		return -ENODEV;
+	if (of_property_read_u32(np, "value", value))
+		return -EINVAL;
+	of_node_put(np);
+
+	return 0;
+}
"""


def answer(tmp_path):
    """A judge, a patch with one leak, and the judge's answer."""
    (tmp_path / "leak.patch").write_text(LEAK)
    judge = Judge(tmp_path, Settings())
    submission = next(iter(read_submissions([str(tmp_path / "leak.patch")], tmp_path, each=False)))
    return judge, submission, judge.check(submission)


def test_a_fault_costs_the_fix_and_nothing_else(tmp_path, monkeypatch) -> None:
    """The finding stays, and a note says what happened."""

    def broken(_case):
        raise RuntimeError("broken")

    judge, submission, found = answer(tmp_path)
    assert len(found.findings) == 1
    assert fixes.with_fixes(judge, submission, found).findings[0].fix is not None
    monkeypatch.setattr(fixes, "removed", broken)
    after = fixes.with_fixes(judge, submission, found)
    assert after.findings == found.findings
    assert [note.message for note in after.notes] == ["no fix was looked for: internal error: RuntimeError: broken"]


def test_no_more_edits_are_judged_than_allowed(tmp_path) -> None:
    """None, here."""
    judge, submission, found = answer(tmp_path)
    court = fixes.Patched(judge, submission.patches[0], found)
    offer, same = fixes.Mender(judge.settings.min_confidence, 0).offer(court, found.findings[0])
    assert (offer.fix, offer.reason, same) == (None, fixes.TOO_MANY, court)


def test_an_edit_that_hides_the_bug_from_the_judge_is_not_offered(tmp_path, monkeypatch) -> None:
    """Fewer functions that can be read is no fix."""
    judge, submission, found = answer(tmp_path)

    def unreadable(case):
        at = case.unit.text.index(b"return -EINVAL;")
        yield "broken", lambda: [Edit(at, at, b"}}} else ((( ")]

    for name in ("removed", "leaks", "puts", "removed_around"):
        monkeypatch.setattr(fixes, name, unreadable)
    monkeypatch.setattr(fixes, "sound", lambda _case, _text: True)
    assert fixes.with_fixes(judge, submission, found).findings[0].fix is None


def test_an_edit_that_brings_another_bug_is_not_offered(tmp_path, monkeypatch) -> None:
    """A put for every exit, also where there is one."""
    judge, submission, found = answer(tmp_path)

    def twice(case):
        one, other = case.unit.text.index(b"\tif (of_property"), case.unit.text.index(b"\treturn 0;")
        yield "twice", lambda: [Edit(at, at, b"\tof_node_put(np);\n") for at in (one, other)]

    for name in ("removed", "leaks", "puts", "removed_around"):
        monkeypatch.setattr(fixes, name, twice)
    court = fixes.Patched(judge, submission.patches[0], found)
    offer = fixes.Mender(judge.settings.min_confidence).offer(court, found.findings[0])[0]
    assert (offer.fix, offer.reason) == (None, fixes.BRINGS)
