"""``getput check``: judge patches."""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from getput.cli import UsageError, options, output
from getput.cli.guard import failed, guarded
from getput.cli.jobs import ProcessDiedError, in_order
from getput.cli.progress import counted
from getput.config import FailOn, Settings
from getput.model import Answer, Status
from getput.patch.series import read_submissions
from getput.report import FORMATS
from getput.report.select import fails, shown, unjudged, wanted
from getput.verdict.judge import Judge

if TYPE_CHECKING:
    from getput.cli.hidden import Hidden
    from getput.cli.statistics import Statistics
    from getput.patch.series import Submission
    from getput.verdict.current import Current

OK, INTRODUCED, UNJUDGED = 0, 1, 2
SWEPT = 50  # tasks of a process between two looks for garbage in circles: the collector alone comes late, and the process grows by a quarter


EPILOG = """\
examples:
  getput check 0001-my.patch                 a patch, or an mbox with a series
  b4 am -o - MESSAGE-ID | getput check -     a series from a mailing list
  getput check HEAD                          a commit; v6.12..topic is a range
  getput check --staged --quiet              what a hook asks
  getput check --show all HEAD               what it fixes and what it leaves, too
  getput check --format json HEAD            for a script

exit status: 0 nothing introduced, 1 something at or above --fail-on, 2 nothing could be judged
"""


class Task(NamedTuple):
    """Inputs that are judged together, and what standard input held if one of them is ``-``."""

    inputs: tuple[str, ...]
    staged: bool
    stdin: bytes | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``check``."""
    parser.usage, parser.epilog = "getput check [OPTION]... [INPUT]...", EPILOG
    parser.add_argument(
        "inputs",
        nargs="*",
        metavar="INPUT",
        help="a patch or mbox file, - for standard input, or a git revision or range",
    )
    what = parser.add_argument_group("what is judged")
    what.add_argument("--staged", action="store_true", help="judge what is staged in git's index")
    what.add_argument(
        "--each", action="store_true", help="judge each input on its own; otherwise several are one series, in order"
    )
    what.add_argument(
        "--verify-fix",
        action="store_true",
        help="say of each patch that claims to mend a count whether it does: on every path, and not once too often",
    )
    said = parser.add_argument_group("what comes of it")
    said.add_argument(
        "--show",
        type=statuses,
        default=frozenset({Status.INTRODUCED}),
        metavar="LIST",
        help="introduced (default), fixed, existing, or all",
    )
    said.add_argument(
        "--fail-on", choices=[what.value for what in FailOn], help="what makes the exit status 1 (default: warning)"
    )
    said.add_argument(
        "--b4-review",
        type=Path,
        metavar="DIR",
        help="also leave remarks for `b4 review` in the git repository DIR: name its patches as BASE..HEAD",
    )
    options.add_fixing(parser, "of what is introduced, in formats for machines")
    options.add_judging(parser)


def run(args: argparse.Namespace) -> int:
    """Judge, print, and say by the exit status what came out."""
    form = FORMATS[args.format]
    tasks = _tasks(args)
    if form.one_answer and len(tasks) > 1:
        raise UsageError(f"--format {args.format} is one answer: with --each and several inputs use jsonl")
    if args.b4_review and args.each:
        raise UsageError("--b4-review is about one series: not with --each")
    remarks = None
    if args.b4_review:
        from getput.cli.b4_review import Remarks

        remarks = Remarks(args.b4_review, args.quiet)
    needs = form.needs | ({"letters"} if remarks else frozenset())
    look = options.look(args)
    tree = options.tree_of(args)
    settings = options.settings(args, tree)
    tally = _Tally(settings, form.carries_errors, args.quiet, options.hidden(args, tree, settings, args.show))
    tally.statistics = options.statistics(args)
    shows_fixes = remarks is not None or args.format not in options.UNFIXED
    fix = shows_fixes if args.fix is None else args.fix
    fix = fix and Status.INTRODUCED in args.show
    answers = in_order(_start, (tree, settings, args.timing, args.index, needs, fix), _judge, tasks, args.jobs, _died)
    answers = counted(answers, len(tasks), "inputs", not args.quiet)
    judged = tally.over(answers) if remarks is None else remarks.left(tally.over(answers))
    judged = (_verified(answer, tally) if args.verify_fix else answer for answer in judged)
    output.answer(form.render((shown(answer, args.show) for answer in judged), look), raw=form.raw)
    tally.finish()
    if tally.statistics is not None:
        output.aside(tally.statistics.lines(args.started))
    return tally.status


def _verified(answer: Answer, tally: _Tally) -> Answer:
    """*answer* with a verdict on each patch that claims to mend a count; one that leaves a path, or brings a bug, fails."""
    from getput.verdict.verify import verified

    answer = replace(answer, verified=verified(answer))
    tally.failed = tally.failed or any(
        tally.settings.fail_on.fails(finding.severity)
        for one in answer.verified
        for finding in (*one.left, *one.brought)
    )
    return answer


class _Tally:
    """What the answers that passed by mean for the exit status."""

    def __init__(self, settings: Settings, carries_errors: bool, quiet: bool, hidden: Hidden | None) -> None:
        self.hidden = hidden
        self.statistics: Statistics | None = None
        self.settings = settings
        self.quiet = quiet
        self.carries_errors = carries_errors
        self.failed = False
        self.judged = False

    def over(self, answers: Iterator[Answer]) -> Iterator[Answer]:
        """The answers, with what the settings do not want left out; what could not be judged goes to standard error."""
        for full in answers:
            answer = wanted(full, self.settings)
            if self.hidden is not None:
                answer = self.hidden.over(full, answer)
            if self.statistics is not None:
                self.statistics.add(answer)
            self.failed = self.failed or fails(answer, self.settings)
            self.judged = self.judged or not unjudged(answer)
            if not self.carries_errors:
                for error in answer.errors:
                    output.message(f"{error.where}: {error.message}")
                for note in () if self.quiet else answer.notes:
                    output.message(f"{note.where}: note: {note.message}")
            yield answer

    def finish(self) -> None:
        """Every answer has passed: say which suppressions are of no use any more, and write the baseline that was asked for."""
        if self.hidden is None:
            return
        for note in () if self.quiet else self.hidden.notes():
            output.message(note)
        self.hidden.finish()

    @property
    def status(self) -> int:
        """The exit status."""
        return INTRODUCED if self.failed else OK if self.judged else UNJUDGED


def _tasks(args: argparse.Namespace) -> Sequence[Task]:
    """What is judged together.  Raises UsageError where nothing is named, or one thing twice."""
    inputs: list[str] = args.inputs
    if not inputs and not args.staged:
        raise UsageError("nothing to judge: name a patch, a git revision, - for standard input, or --staged")
    if inputs and args.staged:
        raise UsageError("--staged judges the index: it takes no INPUT")
    if inputs.count("-") > 1:
        raise UsageError("standard input can be read once only")
    stdin = _standard_input() if "-" in inputs else None
    if args.each:
        return [Task((name,), False, stdin if name == "-" else None) for name in inputs] or [Task((), True, None)]
    return [Task(tuple(inputs), args.staged, stdin)]


def _standard_input() -> bytes:
    if sys.stdin is None:
        raise UsageError("standard input is closed")
    return sys.stdin.buffer.read()


class _Worker:
    """What one process keeps between tasks."""

    judge: Judge
    tree: Path
    timing: bool
    fix: bool
    current: Current | None
    done: int


def _start(
    tree: Path, settings: Settings, timing: bool, index: bool, needs: frozenset[str] = frozenset(), fix: bool = False
) -> None:
    _Worker.current = current_of(tree, settings) if index else None
    current = _Worker.current
    names, mentioning = (None, None) if current is None else (current.names, current.mentioning)
    _Worker.judge = Judge(tree, settings, names, mentioning, needs)
    _Worker.tree = tree
    _Worker.timing = timing
    _Worker.fix = fix
    _Worker.done = 0


def begin(tree: Path, settings: Settings, *, index: bool, needs: frozenset[str]) -> None:
    """Make this process ready for :func:`judged_body`."""
    _start(tree, settings, False, index, needs)


def judged_body(body: bytes) -> Answer:
    """The answer to what a mail, an mbox or a diff holds, whatever happens; it can name no file to be read as a patch, and no revision."""
    return _judge(Task(("-",), False, body))


def _judge(task: Task) -> Answer:
    """The answer to one task, whatever happens: one bad input must not stop the others."""
    start = time.perf_counter()
    answer = guarded(_name(task), lambda: _answer(task))
    elapsed = round((time.perf_counter() - start) * 1000) if _Worker.timing else 0
    _Worker.done += 1
    if _Worker.done % SWEPT == 0:
        gc.collect()
    return replace(answer, stats=replace(answer.stats, elapsed_ms=elapsed))


def _answer(task: Task) -> Answer:
    start = time.perf_counter()
    submissions = read_submissions(task.inputs, _Worker.tree, each=False, staged=task.staged, stdin=task.stdin)
    submission = next(iter(submissions))
    read = time.perf_counter()
    answer = _judged(submission)
    return replace(answer, spent=(("read", read - start), ("judge", time.perf_counter() - read)))


def _judged(submission: Submission) -> Answer:
    current = _Worker.current
    if current is None:
        return _checked(submission)
    from getput.index.store import UNUSABLE

    try:
        if current.names is not None:
            current.around(images.path for patch in submission.patches for images in patch.files)
        answer = _checked(submission)
    except UNUSABLE as error:
        output.message(f"the index cannot be used: {error}; patches are judged without it")
        _Worker.current = None
        _Worker.judge = Judge(_Worker.tree, _Worker.judge.settings, needs=_Worker.judge.needs)
        return _checked(submission)
    return replace(answer, stats=replace(answer.stats, index=current.state))


def _checked(submission: Submission) -> Answer:
    """What is judged of *submission*, with fixes if they are wanted and there is something to mend."""
    answer = _Worker.judge.check(submission)
    if not _Worker.fix or all(finding.status is not Status.INTRODUCED for finding in answer.findings):
        return answer
    from getput.verdict.fixes import with_fixes

    return with_fixes(_Worker.judge, submission, answer)


def current_of(tree: Path, settings: Settings) -> Current | None:
    """The index of *tree*; a tree without one needs none of what reading it takes."""
    from getput.index.place import place

    if not place(tree).is_file():
        return None
    from getput.verdict.current import Current

    return Current(tree, settings)


def _died(task: Task, error: ProcessDiedError) -> Answer:
    return failed(_name(task), str(error))


def _name(task: Task) -> str:
    return " ".join(task.inputs) or "--staged"


def statuses(text: str) -> frozenset[Status]:
    """The value of ``--show``.  Raises what argparse expects."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if "all" in words:
        return frozenset(Status)
    try:
        return frozenset(Status(word) for word in words)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: a list of introduced, fixed, existing, or all") from error
