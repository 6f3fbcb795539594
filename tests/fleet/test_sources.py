"""What an audit reads: every kind of source gives the same patches, each known once by what it changes."""

from __future__ import annotations

import gzip
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

from getput.fleet.patches import seen_in

spec = importlib.util.spec_from_file_location("fleet_made", Path(__file__).with_name("conftest.py"))
made = importlib.util.module_from_spec(spec)
spec.loader.exec_module(made)
alone, change, diff, git, mail, mbox, source = (
    getattr(made, name) for name in ("alone", "change", "diff", "git", "mail", "mbox", "source")
)
CHATTER = "From: B <b@example.org>\nMessage-ID: <b@x>\nSubject: Re: demo\n\nNice.\n"


def bare(rows):
    """What was judged, without where it was seen."""
    return [{name: value for name, value in row.items() if name != "seen"} for row in rows]


def test_every_kind_of_source_gives_the_same(audits, tmp_path):
    """An mbox, packed or not, a maildir, a folder and both layouts of public-inbox."""
    mails = [alone(0), alone(1), CHATTER]
    box, packed, folder, maildir = (tmp_path / name for name in ("box", "box.gz", "folder", "maildir"))
    box.write_text(mbox(*mails))
    packed.write_bytes(gzip.compress(box.read_bytes()))
    (folder / "below").mkdir(parents=True)
    (folder / "below" / "1.eml").write_text(mails[0])
    (folder / "2.mbox").write_text(mbox(*mails[1:]))
    for place, one, text in (("cur", "1:2,S", mails[0]), ("new", "2", mails[1]), ("new", "3", mails[2])):
        (maildir / place).mkdir(parents=True, exist_ok=True)
        (maildir / place / one).write_text(text)
    (maildir / "tmp").mkdir()
    (maildir / "tmp" / "half").write_text(alone(2))
    archive = inbox(tmp_path / "inbox", mails)
    old = inbox(tmp_path / "old.git", mails, lambda number: f"{number:02x}/{'0' * 38}")
    want = bare(audits.run(box))
    assert [row["verdict"] for row in want] == ["clean", "introduced"] or [row["verdict"] for row in want] == [
        "introduced",
        "clean",
    ]
    for number, place in enumerate((packed, folder, maildir, archive, old)):
        assert bare(audits.run(place, out=f"r{number}")) == want, place
        assert audits.ask("SELECT sum(mails), sum(idle) FROM sources", f"r{number}") == [(3, 1)], place


def inbox(place: Path, mails: list[str], named=lambda _: "m") -> Path:
    """An archive of public-inbox: each commit puts one mail where *named* says."""
    repository = place if place.suffix == ".git" else place / "git" / "0.git"
    repository.mkdir(parents=True)
    git(repository, "init", "-q", "--bare", "-b", "master")
    append(repository, mails, named)
    return place


def append(repository: Path, mails: list[str], named=lambda _: "m") -> None:
    parent = subprocess.run(
        ["git", "rev-parse", "-q", "--verify", "HEAD"], cwd=repository, capture_output=True, text=True, check=False
    ).stdout.strip()
    for number, text in enumerate(mails):
        blob = git(repository, "hash-object", "-w", "--stdin", stdin=text)
        folder, _, name = named(number).rpartition("/")
        tree = git(repository, "mktree", stdin=f"100644 blob {blob}\t{name}\n")
        if folder:
            tree = git(repository, "mktree", stdin=f"040000 tree {tree}\t{folder}\n")
        parent = git(repository, "commit-tree", "-m", "m", *(["-p", parent] if parent else []), tree)
    git(repository, "update-ref", "HEAD", parent)


def test_a_grown_archive_is_read_from_where_the_last_audit_came_to(audits, tmp_path):
    place = inbox(tmp_path / "inbox", [alone(0)])
    assert len(audits.run(place)) == 1
    append(place / "git" / "0.git", [alone(1), alone(0)])
    assert len(audits.run(place)) == 2
    assert audits.ask("SELECT mails FROM sources") == [(3,)]
    assert audits.ask("SELECT count(*), max(times) FROM costs") == [(2, 1)]


def test_an_archive_whose_history_was_rewritten_is_read_anew(audits, tmp_path):
    place = inbox(tmp_path / "inbox", [alone(0), alone(1)])
    audits.run(place)
    repository = place / "git" / "0.git"
    git(repository, "update-ref", "-d", "HEAD")
    append(repository, [alone(2)])
    git(repository, "reflog", "expire", "--expire=now", "--all")
    git(repository, "gc", "-q", "--prune=now")
    assert [row["seen"][0]["subject"] for row in audits.run(place)] == ["[PATCH] demo: change 2"]


def test_one_patch_on_three_lists_is_judged_once_and_seen_three_times(audits, tmp_path):
    """Headers, footers of the lists, and blank lines of their mails do not make it another one."""
    for name in ("netdev", "lkml", "linux-usb"):
        list_id = f"List-Id: <{name}.vger.kernel.org>\n"
        text = alone(0, more=list_id, footer=f"\n_______\n{name} mailing list\n")
        (tmp_path / f"{name}.mbox").write_text(mbox(text))
    (row,) = audits.run(*sorted(tmp_path.glob("*.mbox")))
    assert sorted(seen["list"] for seen in row["seen"]) == [
        "linux-usb.vger.kernel.org",
        "lkml.vger.kernel.org",
        "netdev.vger.kernel.org",
    ]
    assert audits.ask("SELECT count(*), max(times) FROM costs") == [(1, 1)]


def test_the_key_is_that_of_the_change(audits):
    (one,), (other,), (third,) = (list(seen_in(text.encode())) for text in (alone(0), alone(0, mark="\nv2"), alone(1)))
    assert one.key == other.key != third.key


def test_a_series_is_judged_in_its_order_wherever_its_mails_lie(audits, tmp_path):
    """The second patch applies after the first alone, and mends what that brings."""
    first = source(0)
    second = change(0, first)
    more = "References: <cover@x>\n"
    one = mail(diff(0, first, second), "1@x", "[PATCH 1/2] demo: leak", more=more)
    two = mail(diff(0, second, first), "2@x", "[PATCH 2/2] demo: mend", more=more)
    (tmp_path / "a.mbox").write_text(mbox(two))
    (tmp_path / "b.mbox").write_text(mbox(one, alone(5)))
    rows = {row["seen"][0]["subject"]: row for row in audits.run(tmp_path / "a.mbox", tmp_path / "b.mbox")}
    leak, mend = rows["[PATCH 1/2] demo: leak"], rows["[PATCH 2/2] demo: mend"]
    assert [row["verdict"] for row in (leak, mend)] == ["introduced", "clean"]
    assert mend["after"] == [leak["patch"]]
    assert leak["findings"][0]["mended_by"] == mend["patch"]


def test_what_check_says_is_what_an_audit_says(audits, tmp_path):
    files = []
    for number in range(6):
        files.append(tmp_path / f"{number}.patch")
        files[-1].write_text(alone(number))
    done = subprocess.run(
        [sys.executable, "-m", "getput", "check", "--each", "--format", "jsonl", "--tree", audits.tree, *files],
        capture_output=True,
        text=True,
        check=False,
    )
    said = {}
    for line in done.stdout.splitlines():
        answer = json.loads(line)
        found = [{k: v for k, v in one.items() if k not in ("patch", "fix", "mended_by")} for one in answer["findings"]]
        said[answer["patches"][0]["message_id"]] = (answer["patches"][0]["files"], found)
    rows = audits.run(*files)
    kept = {
        row["seen"][0]["message_id"]: (
            row["files"],
            [{k: v for k, v in one.items() if k not in ("fix", "mended_by")} for one in row["findings"]],
        )
        for row in rows
    }
    assert kept == said
    assert any(found for _, found in kept.values())


def test_what_does_not_apply_is_counted_and_said(audits, tmp_path):
    text = source(0).replace("value", "other")
    (tmp_path / "box").write_text(mbox(mail(diff(0, text, change(1, text)), "1@x")))
    (row,) = audits.run(tmp_path / "box")
    assert (row["verdict"], row["findings"]) == ("unjudged", [])
    assert "does not apply" in row["why"][0]
    assert "1 unjudged" in audits.said.stdout


def test_the_commits_of_a_range_are_judged_against_their_parents(audits, tmp_path):
    """Nothing is checked out: the work tree is empty, and so is the index."""
    repository = audits.tree
    git(repository, "init", "-q", "-b", "main")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "all")
    for number in range(4):
        file = repository / made.path_of(number)
        file.write_text(change(number, file.read_text()))
        git(repository, "commit", "-q", "-a", "-m", f"demo: {number}")
    expected = subprocess.run(
        [sys.executable, "-m", "getput", "check", "--format", "json", "HEAD~4..HEAD"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    bare_one = tmp_path / "bare.git"
    git(tmp_path, "clone", "-q", "--bare", str(repository), str(bare_one))
    audits.tree = bare_one
    rows = audits.run("HEAD~4..HEAD")
    assert sorted(row["seen"][0]["subject"] for row in rows) == [f"demo: {number}" for number in range(4)]
    introduced = {row["seen"][0]["subject"] for row in rows if row["verdict"] == "introduced"}
    assert introduced == {"demo: 0", "demo: 3"}
    assert all(row["applied"] == "blobs" for row in rows)
    said = json.loads(expected.stdout)
    assert sorted(one["message"] for one in said["findings"]) == sorted(
        one["message"] for row in rows for one in row["findings"]
    )


def test_what_is_no_source_is_said(audits, tmp_path):
    def refused(word):
        return subprocess.run(
            audits.command(word, "--out", tmp_path / "r"), capture_output=True, text=True, check=False
        )

    assert "no such file or folder" in refused("nothing").stderr
    assert refused("nothing").returncode == 2
    (tmp_path / "other").write_bytes(b"SQLite format 3\0 not")
    done = subprocess.run(
        audits.command(tmp_path, "--out", tmp_path / "other"), capture_output=True, text=True, check=False
    )
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
