"""Every answer that anything outside a function can give, one path after the other."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Chooser:
    """Answers, one path after the other: the given ones, then always the first."""

    given: list[int]
    limits: list[int] = field(default_factory=list)
    asked: int = 0

    def choose(self, count: int) -> int:
        """One of *count* answers."""
        if self.asked == len(self.given):
            self.given.append(0)
        self.limits.append(count)
        self.asked += 1
        return self.given[self.asked - 1]

    def next(self) -> list[int] | None:
        """The answers of the next path; None after the last."""
        given = self.given[: self.asked]
        while given and given[-1] + 1 >= self.limits[len(given) - 1]:
            given.pop()
        if not given:
            return None
        given[-1] += 1
        return given
