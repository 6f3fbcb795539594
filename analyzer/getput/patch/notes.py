"""What a reader of an answer should know of the mails that were not judged: nothing of it is an error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from getput.model import Problem
from getput.patch.mail import Mail
from getput.patch.order import Order, label, missing


def notes(order: Order, idle: Sequence[Mail], where: Mapping[int, str]) -> Iterator[Problem]:
    """One note for the mails that are no patches (*idle* have no diff at all), one for each that is there twice, and one for each series of
    which patches are missing; *where* names the input of each mail, by its ``id()``."""
    covers = [mail for mail in idle if is_cover(mail)]
    answers = [mail for mail in (*idle, *order.answers) if label(mail.subject).reply]
    others = len(idle) + len(order.answers) - len(covers) - len(answers)
    counts = ((len(covers), "cover letter"), (len(answers), "answer"), (others, "other mail"))
    what = ", ".join(f"{count} {name}{'s' if count > 1 else ''}" for count, name in counts if count)
    if what:
        first = (*idle, *order.answers)[0]
        yield Problem(where[id(first)], f"no patches, and not judged: {what}")
    for mail in order.twice:
        yield Problem(where[id(mail)], f"{mail.subject or 'a patch'}: there twice, judged once")
    for mail, numbers in missing(order.mails):
        of = label(mail.subject).total
        yield Problem(where[id(mail)], f"of the {of} patches of {mail.subject} these are not there: {numbers}")


def is_cover(mail: Mail) -> bool:
    """Whether a mail without a diff introduces a series: ``[PATCH 0/7]``."""
    says = label(mail.subject)
    return says.total > 0 and says.number == 0 and not says.reply
