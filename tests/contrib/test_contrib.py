"""What ``contrib/`` offers to others, run as they run it."""

from __future__ import annotations

import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import threading
from pathlib import Path

import pytest
from tests.cli.conftest import AS_USERS, CLEAN, LEAKING

CONTRIB = Path(__file__).parents[2] / "contrib"
TOP = CONTRIB.parent
LEAK = "leak-on-error"
PATH = f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}"


def run(*command, cwd, stdin="", **environment):
    env = {**os.environ, **AS_USERS, "PATH": PATH, **environment}
    return subprocess.run(
        [str(word) for word in command], cwd=cwd, env=env, input=stdin, capture_output=True, text=True, check=False
    )


# --- netdev's CI -------------------------------------------------------------------------------------------------------


def nipa(tree, results, **environment):
    """The status and the description of the test, run as NIPA's ``core/test.py`` does."""
    folder = CONTRIB / "nipa"
    (program,) = json.loads((folder / "info.json").read_text())["run"]
    reading, writing = os.pipe()
    high = os.dup2(writing, 23)  # descriptors are not always of one digit
    os.close(writing)
    env = {**os.environ, **AS_USERS, "PATH": PATH, "DESC_FD": str(high), "RESULTS_DIR": str(results), **environment}
    done = subprocess.run(
        [folder / program], cwd=tree, env=env, pass_fds=[high], capture_output=True, text=True, check=False
    )
    os.close(high)
    with os.fdopen(reading) as said:
        return done, said.read()


def test_nipa_s_three_answers(kernel, tmp_path):
    kernel.write(CLEAN.replace('"value"', '"val"'))
    kernel.commit("demo: harmless")
    done, said = nipa(kernel.top, tmp_path / "results")
    assert (done.returncode, said) == (0, "Reference counts: 0 errors, 0 warnings introduced\n")
    kernel.write(LEAKING)
    kernel.commit("demo: leak")
    done, said = nipa(kernel.top, tmp_path / "results")
    assert (done.returncode, said) == (250, "Reference counts: 0 errors, 1 warnings introduced\n")
    assert f"[{LEAK}]" in done.stderr
    assert (tmp_path / "results" / "getput.txt").read_text() == done.stderr
    kernel.git("config", f"getput.{LEAK}.severity", "error")
    done, said = nipa(kernel.top, tmp_path / "results")
    assert (done.returncode, said) == (1, "Reference counts: 1 errors, 0 warnings introduced\n")
    done, said = nipa(kernel.top, tmp_path / "results", GETPUT_OPTIONS=f"--no-rule {LEAK}")
    assert done.returncode == 0


def test_nipa_is_told_when_nothing_could_be_judged(kernel, tmp_path):
    done, said = nipa(kernel.top, tmp_path / "results", GETPUT="no-such-command")
    assert (done.returncode, said) == (250, "getput is not installed, nothing judged\n")
    kernel.git("config", "getput.failOn", "nonsense")
    done, said = nipa(kernel.top, tmp_path / "results")
    assert (done.returncode, said) == (250, "getput could not judge this patch (status 2)\n")


# --- patchwork ---------------------------------------------------------------------------------------------------------

PATCHWORK = CONTRIB / "patchwork" / "getput-patchwork"


def patchwork(kernel, *args, **more):
    return run(sys.executable, PATCHWORK, *args, cwd=kernel.top, **more)


def test_a_check_for_patchwork(kernel, leaking, clean, tmp_path):
    done = patchwork(kernel, leaking, "--target-url", "https://example.org/1")
    assert (done.returncode, done.stderr) == (0, "")
    check = json.loads(done.stdout)
    assert (check["context"], check["state"], check["target_url"]) == ("getput", "warning", "https://example.org/1")
    assert check["description"].startswith("demo_read(): ")
    assert check["description"].endswith(f"[{LEAK}]")
    kernel.git("config", f"getput.{LEAK}.severity", "error")
    assert json.loads(patchwork(kernel, stdin=leaking.read_text()).stdout)["state"] == "fail"
    assert json.loads(patchwork(kernel, clean).stdout)["state"] == "success"
    bad = tmp_path / "bad.patch"
    bad.write_text("no patch at all\n")
    check = json.loads(patchwork(kernel, bad).stdout)
    assert (check["state"], check["description"]) == ("warning", "not judged: no patch in it")


@pytest.fixture
def server():
    """A patchwork that keeps what it is sent, and refuses other tokens than ``right``."""
    got = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            right = self.headers["Authorization"] == "Token right"
            if right:
                got.append((self.path, self.headers["Content-Type"], json.loads(body)))
            self.send_response(201 if right else 403)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as one:
        thread = threading.Thread(target=one.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{one.server_port}/api/patches/7/checks/", got
        one.shutdown()
        thread.join()


def test_it_is_sent_only_where_that_is_asked_for(kernel, leaking, server, tmp_path):
    url, got = server
    assert patchwork(kernel, leaking, PATCHWORK_TOKEN="right").returncode == 0
    assert got == []
    done = patchwork(kernel, leaking, "--post", url, PATCHWORK_TOKEN="")
    assert (done.returncode, "needs a token" in done.stderr, got) == (2, True, [])
    done = patchwork(kernel, leaking, "--post", url, PATCHWORK_TOKEN="wrong")
    assert (done.returncode, "403" in done.stderr, got) == (2, True, [])
    (tmp_path / "token").write_text("right\n")
    done = patchwork(kernel, leaking, "--post", url, "--token-file", tmp_path / "token")
    assert (done.returncode, done.stderr) == (0, "")
    assert got == [("/api/patches/7/checks/", "application/json", json.loads(done.stdout))]


# --- forges ------------------------------------------------------------------------------------------------------------


def matched(text):
    (problem,) = json.loads((CONTRIB / "github" / "getput-matcher.json").read_text())["problemMatcher"]
    (pattern,) = problem["pattern"]
    found = re.findall(pattern["regexp"], text, re.MULTILINE)
    return [
        (one[pattern["file"] - 1], one[pattern["line"] - 1], one[pattern["severity"] - 1], one[pattern["code"] - 1])
        for one in found
    ]


def forge(kernel):
    """A branch with a leak, and where it began."""
    base = kernel.git("rev-parse", "HEAD")
    kernel.write(LEAKING)
    kernel.commit("demo: leak")
    return base, kernel.git("rev-parse", "HEAD")


def test_the_workflow_for_github(kernel):
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    flow = yaml.safe_load((CONTRIB / "github" / "getput.yml").read_text())
    assert flow[True] == {"pull_request": None}  # `on` is a truth to YAML 1.1
    assert flow["permissions"] == {"contents": "read"}
    steps = {step["name"]: step for step in flow["jobs"]["refcounts"]["steps"] if "name" in step}
    base, head = forge(kernel)
    for name in ("Fetch what the commits change", "Judge"):
        assert set(steps[name]["env"]) == {"BASE", "HEAD"}
        done = run("bash", "-e", "-c", steps[name]["run"], cwd=kernel.top, BASE=base, HEAD=head)
    assert done.returncode == 1
    assert "::add-matcher::.github/workflows/getput-matcher.json" in done.stdout
    assert matched(done.stdout) == [("drivers/demo/demo.c", "14", "warning", LEAK)]


def test_the_job_for_gitlab(kernel):
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    job = yaml.safe_load((CONTRIB / "gitlab" / "getput.gitlab-ci.yml").read_text())["getput"]
    base, head = forge(kernel)
    (line,) = job["script"]
    done = run("bash", "-e", "-c", line, cwd=kernel.top, CI_MERGE_REQUEST_DIFF_BASE_SHA=base, CI_COMMIT_SHA=head)
    assert (done.returncode, f"[{LEAK}]" in done.stdout) == (1, True)


# --- editors -----------------------------------------------------------------------------------------------------------


def test_the_compiler_plugin_of_vim(kernel, tmp_path):
    vim = shutil.which("vim") or pytest.skip("vim is not installed")
    forge(kernel)
    out = tmp_path / "quickfix"
    wrote = f'call writefile(map(getqflist(), \'bufname(v:val.bufnr) . ":" . v:val.lnum . ":" . v:val.col . ":" . v:val.type\'), \'{out}\')'
    run(
        vim,
        "-es",
        "-u",
        "NONE",
        "-i",
        "NONE",
        "--cmd",
        f"set rtp^={CONTRIB}/vim",
        "-c",
        "compiler getput",
        "-c",
        "silent make! HEAD",
        "-c",
        wrote,
        "-c",
        "qa!",
        cwd=kernel.top,
    )
    lines = out.read_text().splitlines()
    assert lines[0] == "drivers/demo/demo.c:14:3:w"
    assert {line[-2:] for line in lines[1:]} == {":n"}
    assert lines[1].startswith("drivers/demo/demo.c:8:")


EMACS = """
(progn
  (load-file "{file}")
  (with-temp-buffer
    (insert-file-contents "{text}")
    (compilation-mode)
    (let ((compilation-buffer-name-function (lambda (_) (buffer-name))))
      (compilation--ensure-parse (point-max))
      (goto-char (point-min))
      (compilation-next-error 1)
      (princ (format "%s|%s" (getput-command-line "HEAD") (line-number-at-pos))))))
"""


def test_the_command_of_emacs(kernel, tmp_path):
    emacs = shutil.which("emacs") or pytest.skip("emacs is not installed")
    forge(kernel)
    text = tmp_path / "answer.txt"
    text.write_text(run("getput", "check", "-q", "HEAD", cwd=kernel.top).stdout)
    program = EMACS.format(file=CONTRIB / "emacs" / "getput.el", text=text)
    done = run(emacs, "--batch", "-Q", "--eval", program, cwd=kernel.top, HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stdout == "getput check --quiet --no-color HEAD|2", "the second line is the first with a place"


# --- container ---------------------------------------------------------------------------------------------------------


def test_what_the_container_is_built_from_is_enough(tmp_path):
    """The files that the recipe copies, installed as it installs them; the image itself needs a network."""
    pytest.importorskip("hatchling", reason="hatchling builds the package: pip install getput[test]")
    recipe = (CONTRIB / "container" / "Containerfile").read_text()
    source = tmp_path / "source"
    source.mkdir()
    for line in re.findall(r"^COPY (?!--from)(.+) \S+$", recipe, re.MULTILINE):
        for name in line.split():
            copy = shutil.copytree if (TOP / name).is_dir() else shutil.copy
            copy(TOP / name, source / name)
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "--target",
        tmp_path / "site",
        source,
    ]
    done = run(*command, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = run(
        sys.executable,
        "-P",
        "-c",
        "import getput; print(getput.__file__)",
        cwd=tmp_path,
        PYTHONPATH=str(tmp_path / "site"),
    )
    assert told.stdout.startswith(str(tmp_path / "site"))
    assert 'ENTRYPOINT ["getput"]' in recipe


def test_scripts_are_sound():
    for script in (CONTRIB / "nipa" / "refcount.sh",):
        assert os.access(script, os.X_OK)
        assert run("bash", "-n", script, cwd=TOP).stderr == ""
        if shutil.which("shellcheck"):
            assert run("shellcheck", script, cwd=TOP).stdout == ""
