"""Reading sources into the results: what was seen, where, and what could not be read."""

from __future__ import annotations

from collections.abc import Iterator

from getput.fleet.patches import Seen, iso_month, seen_in
from getput.fleet.sources import Kind, Mail, Source, SourceError, mails, renewed
from getput.fleet.store import Reading, Results
from getput.patch.git import Known, Repository
from getput.patch.gitprocess import GitError

AT_ONCE = 200  # mails that are written in one transaction


def taken_in(source: Source, results: Results) -> Iterator[int]:
    """Read what is new in *source* into *results*; yields after each transaction how many mails or commits were read.

    Raises SourceError.  What was read until then stays, and the next reading goes on there.
    """
    reading = results.reading(source.name, source.kind.value)
    if renewed(source, reading.mark):
        results.forget(reading.id)
        reading = reading._replace(mark="", mails=0, idle=0)
    if source.kind is Kind.RANGE:
        yield from _commits(source, reading, results)
    else:
        yield from _mails(source, reading, results)


def _mails(source: Source, reading: Reading, results: Results) -> Iterator[int]:
    waiting: list[Mail] = []
    for mail in mails(source, reading.mark):
        waiting.append(mail)
        if len(waiting) == AT_ONCE:
            reading = _written(source, reading, waiting, results)
            yield reading.mails
            waiting.clear()
    reading = _written(source, reading, waiting, results)
    yield reading.mails


def _written(source: Source, reading: Reading, waiting: list[Mail], results: Results) -> Reading:
    """*waiting* in the results, with how far the source is read then."""
    count, idle, mark = reading.mails, reading.idle, reading.mark
    with results.transaction():
        for mail in waiting:
            mark = mail.mark or mark
            if mail.raw is None:
                if mail.problem:
                    count += 1
                    results.add_unread(reading.id, mail.position, mail.problem)
                continue
            count += 1
            every = _patches(mail, reading, results)
            idle += not every
            for ordinal, seen in enumerate(every):
                results.add(reading.id, mail.position, ordinal, _listed(seen, source))
        reading = reading._replace(mails=count, idle=idle, mark=mark)
        results.read_to(reading)
    return reading


def _patches(mail: Mail, reading: Reading, results: Results) -> list[Seen]:
    """The patches of one mail; one that getput cannot read is noted as such."""
    try:
        return list(seen_in(mail.raw or b""))
    except Exception as error:  # noqa: BLE001 -- one mail of a million must not keep the others from being read
        results.add_unread(reading.id, mail.position, f"internal error: {type(error).__name__}: {error}")
        return []


def _listed(seen: Seen, source: Source) -> Seen:
    if seen.list or not source.list:
        return seen
    from msgspec.structs import replace

    return replace(seen, list=source.list)


def _commits(source: Source, reading: Reading, results: Results) -> Iterator[int]:
    """The commits of a range: each is known by its id, and read only where it is judged."""
    git = Repository(source.path)
    revisions = source.name.rpartition(" of ")[0]
    try:
        # One revision is that commit alone, as `check` has it.
        names = git.history(revisions) if ".." in revisions else git.single(revisions)
        count = 0
        waiting = []
        for known in names:
            waiting.append(known)
            if len(waiting) == AT_ONCE:
                count += _noted(waiting, reading, results)
                yield count
                waiting.clear()
        count += _noted(waiting, reading, results)
        with results.transaction():
            results.read_to(reading._replace(mails=count))
        yield count
    except GitError as error:
        raise SourceError(f"{revisions}: no such file or folder, and no git revision: {error}") from error
    finally:
        git.close()


def _noted(waiting: list[Known], reading: Reading, results: Results) -> int:
    with results.transaction():
        for one in waiting:
            seen = Seen(
                one.commit, b"", one.commit, 0, 0, one.subject, None, one.author, iso_month(one.date), "(commits)"
            )
            results.add(reading.id, one.commit, 0, seen, one.commit)
    return len(waiting)
