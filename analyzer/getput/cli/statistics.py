"""``--statistics``: how much of each file was judged, and where the time went."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

from getput.model import Answer

COLUMNS = ("functions", "unparsed", "in part", "findings")
MANY = 60  # files: of more, only those are listed of which there is more to say than how many functions they have


class Statistics:
    """The figures of one run; answers are added as they pass by."""

    def __init__(self) -> None:
        self.start = time.perf_counter()
        self.files: dict[str, Counter[str]] = {}
        self.status: Counter[str] = Counter()
        self.seconds: dict[str, float] = {}

    def add(self, answer: Answer) -> None:
        """Count what *answer* says; a file of several patches counts once for each."""
        for patch in answer.patches:
            for file in patch.files:
                row = self.files.setdefault(file.path, Counter())
                row.update({"functions": file.judged, "unparsed": file.unparsed, "in part": file.bounded})
                self.status[file.status] += 1
        for finding in answer.findings:
            self.files.setdefault(finding.file, Counter())["findings"] += 1
        for phase, seconds in answer.spent:
            self.seconds[phase] = self.seconds.get(phase, 0.0) + seconds

    def lines(self, started: float) -> Iterator[str]:
        """The figures as a table, and the time of each phase since *started* (of ``perf_counter``), which processes at work at once add up."""
        rows = sorted(self.files.items())
        if len(rows) > MANY:
            rows = [(path, row) for path, row in rows if row["unparsed"] or row["in part"] or row["findings"]]
        total: Counter[str] = Counter()
        for row in self.files.values():
            total.update(row)
        table = [("file", *COLUMNS), *[(path, *[str(row[name]) for name in COLUMNS]) for path, row in rows]]
        if len(rows) < len(self.files):
            table.append(
                (
                    f"{len(self.files) - len(rows)} others",
                    *[str(total[name] - sum(row[name] for _, row in rows)) for name in COLUMNS],
                )
            )
        table.append(("total", *[str(total[name]) for name in COLUMNS]))
        widths = [max(len(row[place]) for row in table) for place in range(len(COLUMNS) + 1)]
        for name, *figures in table:
            cells = [f"{figure:>{width}}" for figure, width in zip(figures, widths[1:], strict=True)]
            yield "  ".join([f"{name:{widths[0]}}", *cells])
        yield "files: " + (", ".join(f"{count} {status}" for status, count in sorted(self.status.items())) or "none")
        phases = [("start", self.start - started), *self.seconds.items(), ("all", time.perf_counter() - started)]
        yield "time: " + ", ".join(f"{phase} {seconds:.3f} s" for phase, seconds in phases)
