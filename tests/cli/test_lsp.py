"""The language server, spoken to over its standard input and output."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.cli.conftest import AS_USERS, CLEAN, FILE, LEAKING

from getput.cli.editing import Edit, changes, edits

LEAK = "leak-on-error"
FIX = """
import sys
from msgspec.structs import replace
from getput.cli import editing
from getput.cli.main import main
judged = editing.Desk.findings
fix = sys.argv[1]
editing.Desk.findings = lambda self, file, text: tuple(replace(one, fix=fix) for one in judged(self, file, text))
sys.exit(main(["lsp", "--delay", "0.1"]))
"""
FIX = """\
--- a/drivers/demo/demo.c
+++ b/drivers/demo/demo.c
@@ -11,5 +11,7 @@

 \tret = of_property_read_u32(np, "value", value);
-\tif (ret)
+\tif (ret) {
+\t\tof_node_put(np);
 \t\treturn ret;
+\t}
 \tret = of_property_read_u32(np, "other", value);
"""


class Editor:
    """A client: frames, requests with their answers, and what the server says of itself."""

    def __init__(self, command: list[str], top: Path) -> None:
        env = {**os.environ, **AS_USERS}
        self.process = subprocess.Popen(
            command, cwd=top, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.said: queue.Queue = queue.Queue()
        self.number = 0
        threading.Thread(target=self.read, daemon=True).start()
        capabilities = {"textDocument": {"publishDiagnostics": {"relatedInformation": True}}}
        self.hello = self.ask("initialize", {"processId": None, "rootUri": top.as_uri(), "capabilities": capabilities})
        self.tell("initialized", {})

    def read(self):
        while head := self.process.stdout.readline():
            assert head.startswith(b"Content-Length: "), head
            size = int(head.split()[1])
            while self.process.stdout.readline().strip():
                pass
            self.said.put(json.loads(self.process.stdout.read(size)))

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def tell(self, method, params):
        self.send({"method": method, "params": params})

    def ask(self, method, params=None):
        self.number += 1
        self.send({"id": self.number, "method": method, "params": params})
        number = self.number
        return self.until(lambda message: message.get("id") == number and "method" not in message)["result"]

    def until(self, wanted, timeout=60):
        while True:
            message = self.said.get(timeout=timeout)
            if wanted(message):
                return message

    def diagnostics(self, version):
        """What is shown of this version of the document."""
        said = self.until(
            lambda one: (
                one.get("method") == "textDocument/publishDiagnostics" and one["params"].get("version") == version
            )
        )
        return said["params"]["diagnostics"]

    def open(self, path, text, version=1):
        document = {"uri": path.as_uri(), "languageId": "c", "version": version, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": document})

    def change(self, path, text, version):
        self.tell(
            "textDocument/didChange",
            {"textDocument": {"uri": path.as_uri(), "version": version}, "contentChanges": [{"text": text}]},
        )

    def leave(self):
        self.ask("shutdown")
        self.tell("exit", None)
        status = self.process.wait(timeout=30)
        assert status == 0, self.process.stderr.read()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()


@pytest.fixture
def editor(kernel):
    pytest.importorskip("pygls", reason="pygls is not installed: pip install getput[lsp]")
    started = []

    def start(*args):
        started.append(Editor([sys.executable, "-m", "getput", "lsp", *args], kernel.top))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


def test_what_is_being_typed_is_judged_against_head(kernel, editor):
    one = editor("--delay", "0.1")
    assert one.hello["serverInfo"]["name"] == "getput"
    path = kernel.top / FILE
    one.open(path, CLEAN)
    assert one.diagnostics(1) == []
    one.change(path, LEAKING, 2)
    (leak,) = one.diagnostics(2)
    assert (leak["source"], leak["code"], leak["severity"]) == ("getput", LEAK, 2)
    assert leak["range"] == {"start": {"line": 13, "character": 2}, "end": {"line": 13, "character": 13}}
    assert len(leak["data"]["fingerprint"]) == 16
    related = leak["relatedInformation"]
    assert {step["location"]["uri"] for step in related} == {path.as_uri()}
    assert related[0]["location"]["range"]["start"] == {"line": 7, "character": 6}
    assert "of_find_node_by_path()" in related[0]["message"]
    assert path.read_text() == CLEAN, "nothing of it was saved"
    one.change(path, CLEAN, 3)
    assert one.diagnostics(3) == []
    one.leave()


def test_quick_typing_is_judged_once_it_rests(kernel, editor):
    one = editor("--delay", "0.5")
    path = kernel.top / FILE
    one.open(path, CLEAN)
    one.diagnostics(1)
    for version in range(2, 8):
        one.change(path, LEAKING.replace('"other"', f'"other{version}"'), version)
    seen = one.until(lambda message: message.get("method") == "textDocument/publishDiagnostics")
    assert seen["params"]["version"] == 7
    assert [found["code"] for found in seen["params"]["diagnostics"]] == [LEAK]
    one.leave()


def test_what_stood_before_is_a_hint_where_that_is_asked_for(kernel, editor, mending):
    path = kernel.top / FILE
    plain, asked = editor("--delay", "0"), editor("--delay", "0", "--existing")
    for one in (plain, asked):
        one.open(path, LEAKING.replace("-ENODEV", "-ENOENT"))
    assert plain.diagnostics(1) == []
    assert [found["severity"] for found in asked.diagnostics(1)] == [4]
    plain.leave()
    asked.leave()


def test_columns_count_as_the_editor_counts(kernel, editor):
    one = editor("--delay", "0")
    path = kernel.top / FILE
    odd = LEAKING.replace("\t\treturn ret;\n\tret =", "\t\t/* é\U0001f600 */ return ret;\n\tret =", 1)
    one.open(path, odd)
    (leak,) = one.diagnostics(1)
    assert leak["range"]["start"] == {"line": 13, "character": 2 + len("/* é") + 2 + len(" */ ")}
    one.leave()


def test_a_new_file_and_one_that_is_no_source(kernel, editor):
    one = editor("--delay", "0")
    new = kernel.top / "drivers/demo/new.c"
    one.open(new, LEAKING)
    assert [found["code"] for found in one.diagnostics(1)] == [LEAK]
    notes = kernel.top / "notes.txt"
    one.open(notes, LEAKING, 5)
    assert one.diagnostics(5) == []
    one.tell("textDocument/didClose", {"textDocument": {"uri": new.as_uri()}})
    gone = one.until(lambda said: said.get("method") == "textDocument/publishDiagnostics")["params"]
    assert (gone["uri"], gone["diagnostics"]) == (new.as_uri(), [])
    one.leave()


def test_settings_and_suppressions_hold_here_too(kernel, editor, getput, leaking):
    known = json.loads(getput("check", "--format", "json", leaking, cwd=kernel.top).stdout)["findings"][0][
        "fingerprint"
    ]
    one = editor("--delay", "0")
    path = kernel.top / FILE
    one.open(path, LEAKING)
    assert len(one.diagnostics(1)) == 1
    getput("suppress", known, "--reason", "so", cwd=kernel.top)
    one.change(path, LEAKING + "\n", 2)
    assert one.diagnostics(2) == []
    (kernel.top / ".getput.toml").write_text("nonsense = 1\n")
    one.change(path, LEAKING, 3)
    said = one.until(lambda message: message.get("method") == "window/showMessage")["params"]["message"]
    assert "unknown key `nonsense`" in said
    one.leave()


def test_a_fix_is_offered_and_applied(kernel, editor):
    one = editor("--delay", "0.1")
    path = kernel.top / FILE
    one.open(path, LEAKING)
    (leak,) = one.diagnostics(1)
    where = {"textDocument": {"uri": path.as_uri()}, "range": leak["range"], "context": {"diagnostics": [leak]}}
    (action,) = one.ask("textDocument/codeAction", where)
    assert (action["kind"], action["diagnostics"][0]["code"]) == ("quickfix", LEAK)
    (edit,) = action["edit"]["changes"][path.as_uri()]
    lines = LEAKING.splitlines(keepends=True)
    lines[edit["range"]["start"]["line"] : edit["range"]["end"]["line"]] = [edit["newText"]]
    mended = "".join(lines)
    assert mended.count("of_node_put(np);") == 2
    one.change(path, mended, 2)
    assert one.diagnostics(2) == []
    elsewhere = {**where, "range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}}
    assert one.ask("textDocument/codeAction", elsewhere) == []
    one.leave()


def test_a_fix_that_does_not_fit_is_not_offered():
    (edit,) = edits(FIX, FILE, LEAKING)
    assert (edit.first, edit.last) == (10, 15)
    assert edits(FIX, FILE, CLEAN) is None
    assert edits(FIX, "drivers/demo/other.c", LEAKING) is None
    assert edits("no diff", FILE, LEAKING) is None
    assert isinstance(edit, Edit)


@pytest.mark.parametrize(
    ("old", "new", "hunks"),
    [
        ("abc", "abc", []),
        ("abc", "axc", [(2, 1, 2, 1)]),
        ("abc", "abbc", [(3, 0, 3, 1)]),
        ("abcdef", "bcxdf", [(1, 1, 1, 0), (4, 0, 3, 1), (5, 1, 5, 0)]),
        ("", "ab", [(1, 0, 1, 2)]),
        ("aa", "a", [(2, 1, 2, 0)]),
    ],
)
def test_changed_lines(old, new, hunks):
    assert list(changes([bytes([one]) for one in old.encode()], [bytes([one]) for one in new.encode()])) == hunks


def test_a_missing_library_is_named(kernel):
    hide = "import importlib.util as u; real = u.find_spec\n"
    hide += "u.find_spec = lambda name, *more: None if name == 'pygls' else real(name, *more)\n"
    hide += "import sys; from getput.cli.main import main; sys.exit(main(['lsp']))"
    done = subprocess.run([sys.executable, "-c", hide], cwd=kernel.top, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "getput: lsp: this needs pygls: pip install 'getput[lsp]'\n"
