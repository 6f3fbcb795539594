"""``getput serve``: what it answers, what it refuses, and that it is as its description says."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.hostile.conftest import CODE, new_file

pytest.importorskip("fastapi", reason="the extra getput[serve] is not installed")
pytest.importorskip("uvicorn", reason="the extra getput[serve] is not installed")


class Service:
    """A service on a port of its own."""

    def __init__(self, tree: Path, *options: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [sys.executable, "-m", "getput", "serve", "--port", str(self.port), "--tree", str(tree), *options]
        self.process = subprocess.Popen(command)
        for _ in range(300):
            try:
                self.ask("GET", "/health")
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("it does not listen")

    def ask(self, method: str, path: str, body: bytes | str | None = None, **headers: str) -> tuple[int, str]:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        link.request(method, path, body, headers)
        answer = link.getresponse()
        return answer.status, answer.read().decode()

    def children(self) -> list[int]:
        """The processes that judge, and those that start them."""
        out, found = [], [self.process.pid]
        while found:
            top = found.pop()
            lists = [path.read_text() for path in Path(f"/proc/{top}/task").glob("*/children")]
            below = [int(pid) for text in lists for pid in text.split()]
            out += below
            found += below
        return out

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(30)


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    made = Service(
        tmp_path_factory.mktemp("tree"), "--workers", "1", "--waiting", "1", "--time-limit", "20", "--max-body", "1"
    )
    yield made
    made.stop()


def test_answers(service):
    status, text = service.ask("POST", "/check", new_file(CODE))
    assert status == 200
    assert [one["rule"] for one in json.loads(text)["findings"]] == ["leak-on-error"]
    status, text = service.ask("POST", "/check?format=sarif", new_file(CODE))
    assert json.loads(text)["version"] == "2.1.0"
    assert json.loads(text)["runs"][0]["results"]


def test_a_body_names_nothing_to_be_read(service):
    status, text = service.ask("POST", "/check", "/etc/passwd\n")
    assert (status, json.loads(text)["patches"]) == (200, [])
    assert json.loads(text)["errors"]


def test_refusals(service):
    assert service.ask("POST", "/check", b"")[0] == 400
    assert refused_unread(service, (1 << 20) + 1) == 413
    assert service.ask("POST", "/check", b"\x1f\x8b\x08")[0] == 415
    assert service.ask("POST", "/check", b"x", **{"Content-Encoding": "br"})[0] == 415
    assert service.ask("POST", "/check?format=html", b"x")[0] == 422
    assert service.ask("GET", "/check")[0] == 405


def refused_unread(service, size: int) -> int:
    """The status that the announcement of a body of *size* bytes meets: whoever refuses it need not read it."""
    link = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
    link.putrequest("POST", "/check")
    link.putheader("Content-Length", str(size))
    link.endheaders()
    try:
        return link.getresponse().status
    finally:
        link.close()


def test_a_body_without_a_length_is_bounded_too(service):
    link = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
    try:
        link.request("POST", "/check", (b"x" * 65536 for _ in range(40)), encode_chunked=True)
        assert link.getresponse().status == 413
    except (BrokenPipeError, ConnectionResetError):
        pass  # it need not read on


def test_figures(service):
    service.ask("POST", "/check", b"")
    status, text = service.ask("GET", "/metrics")
    assert status == 200
    assert 'getput_requests_total{status="400"}' in text


def test_too_many_at_once(service):
    slow = new_file("int f(struct device *x)\n{\n" + "\tif (a) put_device(x);\n" * 5000 + "\treturn 0;\n}\n")
    said = []
    threads = [threading.Thread(target=lambda: said.append(service.ask("POST", "/check", slow)[0])) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(said) == {200, 503}
    assert said.count(503) >= 3
    assert service.ask("GET", "/health")[0] == 200


def test_a_judgement_that_takes_too_long_is_killed(tmp_path):
    made = Service(tmp_path, "--workers", "1", "--time-limit", "0.05")
    try:
        slow = new_file("int f(struct device *x)\n{\n" + "\tif (a) put_device(x);\n" * 5000 + "\treturn 0;\n}\n")
        assert made.ask("POST", "/check", slow)[0] == 504
        assert "getput_killed_total 1.0" in made.ask("GET", "/metrics")[1]
    finally:
        assert made.stop() in (0, -signal.SIGTERM)


def test_a_process_that_dies_is_replaced(tmp_path):
    made = Service(tmp_path, "--workers", "1")
    try:
        before = made.ask("POST", "/check", new_file(CODE))
        newest = max(made.children())
        os.kill(newest, signal.SIGKILL)
        time.sleep(0.2)
        assert made.ask("POST", "/check", new_file(CODE)) == before
    finally:
        made.stop()


def test_it_is_as_described(service, tmp_path):
    pytest.importorskip("schemathesis", reason="schemathesis is not installed")
    command = [Path(sys.executable).with_name("schemathesis"), "run", f"http://127.0.0.1:{service.port}/openapi.json"]
    # Any text is a body that is judged: there is none to be rejected.
    options = [
        "--exclude-checks",
        "negative_data_rejection",
        "--max-examples",
        "15",
        "--seed",
        "1",
        "--phases",
        "coverage,fuzzing",
    ]
    done = subprocess.run([*command, *options], cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout[-6000:]
