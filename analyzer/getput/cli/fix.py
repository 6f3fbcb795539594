"""``getput fix``: what mends the bugs that patches introduce, as one patch ready to send."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from getput.cli import UsageError, check, options, output
from getput.config import Settings
from getput.patch.series import read_submissions
from getput.verdict.fixes import Offer
from getput.verdict.judge import Judge
from getput.verdict.mending import Mended, mended

MENDED, LEFT, UNJUDGED = 0, 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``fix``."""
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="PATCH",
        help="a patch or mbox file, - for standard input, or a git revision or range",
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="write the patch there instead of to standard output"
    )
    parser.add_argument(
        "--apply", action="store_true", help="change the files of the tree, too, which must have the input applied"
    )
    parser.add_argument(
        "--interactive", action="store_true", help="show each finding with its fix, and ask: y, n, q for no more, or ?"
    )
    options.add_judging(parser)
    parser.usage, parser.epilog = "getput fix [OPTION]... PATCH...", EPILOG


EPILOG = """\
exit status:
  0  nothing is introduced, or all of it is mended
  1  something is left that is introduced; standard error says what, and why
  2  wrong usage, nothing could be judged, or --apply could not be done
"""


def run(args: argparse.Namespace) -> int:
    """Judge, mend, write."""
    if args.interactive and "-" in args.inputs:
        raise UsageError("--interactive asks on standard input: the patch cannot come from there")
    tree = options.tree_of(args)
    settings = options.settings(args, tree)
    stdin = sys.stdin.buffer.read() if "-" in args.inputs and sys.stdin is not None else None
    submission = next(iter(read_submissions(args.inputs, tree, each=False, stdin=stdin)))
    for problem in submission.problems:
        output.message(f"{problem.where}: {problem.message}")
    if not any(images.status == "ready" for patch in submission.patches for images in patch.files):
        return UNJUDGED if submission.problems else MENDED
    judge = judge_of(tree, settings, args)
    asking = Asking()
    done = mended(judge, submission, asking.agreed if args.interactive else always)
    for offer in done.offers:
        if offer.fix is None:
            finding = offer.finding
            output.message(f"{finding.file}:{finding.line}: [{finding.rule}] is not mended: {offer.reason}")
    if args.apply:
        apply(tree, done)
    if done.files:
        write(done, author(tree), args.output)
    elif not args.quiet:
        output.message(nothing(done, asked=asking.asked))
    return MENDED if all(offer.fix is not None for offer in done.offers) else LEFT


def judge_of(tree: Path, settings: Settings, args: argparse.Namespace) -> Judge:
    """The judge that ``check`` would ask."""
    current = check.current_of(tree, settings) if args.index else None
    if current is None or current.names is None:
        return Judge(tree, settings)
    return Judge(tree, settings, current.names, current.mentioning)


def nothing(done: Mended, *, asked: int) -> str:
    """Why there is no patch."""
    if not done.offers:
        return "nothing to mend"
    return "no fix was taken" if asked else "no fix was found"


def always(_: Offer) -> bool:
    """Every fix is wanted."""
    return True


ANSWERS = """\
y  take this fix
n  leave it
q  leave it, and all that follow
"""


class Asking:
    """Asks about each fix, until it is enough."""

    def __init__(self) -> None:
        self.enough = False
        self.asked = 0

    def agreed(self, offer: Offer) -> bool:
        """Whether the user wants it."""
        if self.enough:
            return False
        self.asked += 1
        finding = offer.finding
        sys.stderr.write(f"{finding.file}:{finding.line}: {finding.message} [{finding.rule}]\n{offer.fix}")
        while True:
            sys.stderr.write("take this fix? [y/n/q/?] ")
            sys.stderr.flush()
            said = sys.stdin.readline()
            word = said.strip().lower()
            if word in ("y", "yes"):
                return True
            if word in ("n", "no"):
                return False
            if word in ("q", "quit") or not said:
                self.enough = True
                sys.stderr.write("" if said else "\n")
                return False
            sys.stderr.write(ANSWERS)


def write(done: Mended, who: str | None, where: Path | None) -> None:
    """The mail, to a file or to standard output.  Raises UsageError where that cannot be written."""
    from getput.verdict.fix_mail import mail

    data = mail(done, who).encode("utf-8", "surrogateescape")
    try:
        if where is not None:
            where.write_bytes(data)
        elif sys.stdout is not None:
            sys.stdout.flush()
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
    except OSError as error:
        raise UsageError(f"{where or 'standard output'}: {error.strerror}") from error


def author(tree: Path) -> str | None:
    """NAME <EMAIL> as git knows it in the tree; None where it does not."""
    from getput.patch.git import Repository
    from getput.patch.gitprocess import GitError

    said = []
    for what in ("user.name", "user.email"):
        try:
            said.append(Repository(tree).value(what))
        except GitError:
            return None
    return f"{said[0]} <{said[1]}>" if all(said) else None


def apply(tree: Path, done: Mended) -> None:
    """Change the files of the tree; all, or none.  Raises UsageError."""
    root = tree.resolve()
    places = []
    for path, old, _ in done.files:
        place = (root / path).resolve()
        if not place.is_relative_to(root) or not place.is_file():
            raise UsageError(f"--apply: {path} is no file inside the tree")
        if place.read_bytes() != old:
            raise UsageError(f"--apply: {path} in the tree is not what the input makes of it: apply that first")
        places.append(place)
    for place, (_, _, new) in zip(places, done.files, strict=True):
        replaced(place, new)


def replaced(place: Path, text: bytes) -> None:
    """Put *text* into a file, in one step.  Raises UsageError."""
    try:
        with tempfile.NamedTemporaryFile(dir=place.parent, prefix=".getput-", delete=False) as file:
            file.write(text)
        fresh = Path(file.name)
        fresh.chmod(place.stat().st_mode & 0o7777)
        fresh.replace(place)
    except OSError as error:
        raise UsageError(f"--apply: {place}: {error.strerror}") from error
