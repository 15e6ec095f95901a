"""Then and now on the same rows: what was gained and lost, whatever has become of the probe sets meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from daemon.scoring.answered_rows import AnsweredRows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

LEAST_SHARE = 0.1
"""Of a probe set that must be rows of then, for then and now to be compared."""

RENEWED_SHARE = 0.5
"""Of a probe set that is rows of then; below, then is told by the answers of now and the difference until now."""


@dataclass(frozen=True, slots=True)
class Then:
    """What was said at an earlier boundary."""

    rows: AnsweredRows
    ahead: float = 0.0
    """How much better the boundary was than these answers, which took the place of its own as its rows went."""

    def over(self, now: AnsweredRows) -> float | None:
        """Return how much better it was then, on the rows of both; None where those are too few."""
        before, after = self.rows.in_both(now)
        if len(before.numbers) < LEAST_SHARE * len(now.numbers):
            return None
        was, is_now = before.score, after.score
        return None if was is None or is_now is None else self.ahead + was - is_now

    def renewed(self, now: AnsweredRows) -> Then | None:
        """Return the same with rows of now, where too many have gone; None where nothing can be told."""
        kept, ahead = self.rows.in_both(now)[0], self.over(now)
        if len(kept.numbers) >= RENEWED_SHARE * len(now.numbers):
            return Then(kept, ahead=self.ahead)
        return None if ahead is None else Then(now, ahead=ahead)

    def state_dict(self) -> dict[str, Any]:
        """Return rows and difference."""
        return {"rows": self.rows.state_dict(), "ahead": self.ahead}

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Self:
        """Return what ``state_dict`` told of."""
        return cls(AnsweredRows.of_state(state["rows"]), ahead=float(state["ahead"]))


class SameRows:
    """Remembers for every task what was said of its rows at its first boundary, and at the best one.

    The maximum of scores on sets of rows that change is above every score by chance alone: a model that never
    changes would seem to forget. So then and now are compared on the rows that both were asked; a model that says
    the same as then has lost exactly nothing. A boundary is the best where it was at least as good as the best
    before, on the rows of both. The state is bounded: two answers a row of the probe sets.
    """

    def __init__(self, max_tasks: int) -> None:
        self._max_tasks = max_tasks
        self._first: dict[int, Then] = {}
        self._best: dict[int, Then] = {}

    def gained(self, answers: Mapping[int, AnsweredRows]) -> NDArray[np.float64]:
        """Return now - first by task ``(max_tasks,)``, NaN where there is nothing to compare with."""
        return -self._over(self._first, answers)

    def lost(self, answers: Mapping[int, AnsweredRows]) -> NDArray[np.float64]:
        """Return best - now by task ``(max_tasks,)``, NaN where there is nothing to compare with."""
        return self._over(self._best, answers)

    def learned(self, task: int, answers: Mapping[int, AnsweredRows]) -> None:
        """Remember that a task's first segment ends here."""
        if task in answers:
            self._first[task] = Then(answers[task])

    def boundary(self, answers: Mapping[int, AnsweredRows]) -> None:
        """Remember what is said at a boundary, where it is at least as good as the best until now."""
        self._first = dict(_renewed(self._first, answers))
        self._best = dict(_renewed(self._best, answers))
        for task, rows in answers.items():
            lost = self._best[task].over(rows) if task in self._best else None
            if lost is None or lost <= 0:
                self._best[task] = Then(rows)

    def let_go(self, task: int) -> None:
        """Forget what was said of a task at its best."""
        self._best.pop(task, None)

    def merge_task(self, task: int, *, into: int) -> None:
        """Let what is remembered of ``task`` be of ``into``."""
        for kept in (self._first, self._best):
            gone, there = kept.pop(task, None), kept.get(into)
            if gone is not None:
                kept[into] = gone if there is None else _both(there, gone)

    def keep(self, numbers: NDArray[np.int64]) -> None:
        """Remember nothing of rows but those with these numbers, which are in the probe sets."""
        for kept in (self._first, self._best):
            for task, then in kept.items():
                there = np.flatnonzero(np.isin(then.rows.numbers, numbers))
                kept[task] = Then(then.rows.take(there), ahead=then.ahead)

    def state_dict(self) -> dict[str, Any]:
        """Return all that is remembered."""
        kept = {"first": self._first, "best": self._best}
        return {name: {str(task): then.state_dict() for task, then in of.items()} for name, of in kept.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self._first, self._best = (
            {int(task): Then.of_state(then) for task, then in state[name].items()} for name in ("first", "best")
        )

    def _over(self, kept: Mapping[int, Then], answers: Mapping[int, AnsweredRows]) -> NDArray[np.float64]:
        differences = np.full(self._max_tasks, np.nan)
        for task in kept.keys() & answers.keys():
            difference = kept[task].over(answers[task])
            differences[task] = np.nan if difference is None else difference
        return differences


def _renewed(kept: Mapping[int, Then], answers: Mapping[int, AnsweredRows]) -> Iterator[tuple[int, Then]]:
    for task, then in kept.items():
        now = answers.get(task)
        if (renewed := then if now is None else then.renewed(now)) is not None:
            yield task, renewed


def _both(one: Then, other: Then) -> Then:
    """Return what was said of both tasks; ahead is the mean, weighted by their rows."""
    rows = one.rows.with_others(other.rows)
    share = len(other.rows.numbers) / len(rows.numbers)
    return Then(rows, ahead=(1 - share) * one.ahead + share * other.ahead)
