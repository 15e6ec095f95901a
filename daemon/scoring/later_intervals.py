"""Intervals around numbers whose labels come later."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.scoring.intervals import AdaptiveIntervals
from strategies.provenance import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class _Waiting:
    """What was said of a row that waits for its label."""

    value: float
    half: float
    task: int


class LaterIntervals(AdaptiveIntervals):
    """The same, where an interval is made when the event comes, and judged when its label does.

    What an interval knows are the labels that had come by then, in the order in which they came.
    """

    def __init__(self, coverage: float, *, window: int) -> None:
        super().__init__(coverage, window=window)
        self._waiting: dict[int, _Waiting] = {}
        """By the event's number."""
        self._next = 0
        """The number after that of the newest event."""

    def ask(self, number: int, value: float, *, task: int) -> float:
        """Return how far the interval of an event reaches, NaN where nothing is said; let it wait."""
        self._next = number + 1
        if not isfinite(value):
            return float("nan")
        half = self.half_width(task)
        self._waiting[number] = _Waiting(value, half, task)
        return half

    def hear(self, number: int, label: float, *, key: int = UNKNOWN) -> None:
        """Learn the label of an event, with the hash of its key."""
        said = self._waiting.pop(number, None)
        if said is not None and isfinite(label):
            late = max(0, self._next - 1 - number)
            self.learn(abs(label - said.value), half=said.half, task=said.task, key=key, late=late)

    def give_up(self, numbers: Iterable[int]) -> None:
        """Let events go that get no label."""
        for number in numbers:
            self._waiting.pop(number, None)

    def merge_task(self, task: int, *, into: int) -> None:
        """Let what is known of ``task`` be of ``into``, and the events of it that wait."""
        super().merge_task(task, into=into)
        moved = {number: replace(said, task=into) for number, said in self._waiting.items() if said.task == task}
        self._waiting |= moved

    def state_dict(self) -> dict[str, Any]:
        """Return what is known, and what was said of events that wait."""
        said = list(self._waiting.values())
        waiting = {
            "numbers": np.array(list(self._waiting), dtype=np.int64),
            "values": np.array([each.value for each in said]),
            "halves": np.array([each.half for each in said]),
            "tasks": np.array([each.task for each in said], dtype=np.int64),
        }
        return {**super().state_dict(), "waiting": waiting, "next": self._next}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; nothing of an empty one."""
        super().load_state_dict(state)
        self._waiting = {}
        if state:
            self._next = state["next"]
            columns = (np.asarray(state["waiting"][name]).tolist() for name in ("values", "halves", "tasks"))
            said = (_Waiting(*each) for each in zip(*columns, strict=True))
            self._waiting = dict(zip(np.asarray(state["waiting"]["numbers"]).tolist(), said, strict=True))
