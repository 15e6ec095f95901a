"""Boundaries where tasks interleave, so that no segment lasts long enough to have an end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


_SEVERAL = 2


class Interleaving:
    """Says every so many events that there is to be a boundary, where several tasks were learned since the last.

    It is one of the retention matrix, and of it alone: nothing is consolidated, so the learner is the same with it
    and without it. None comes sooner than half of ``every_events`` after another boundary; none at all where that
    is None.

    >>> interleaving = Interleaving(10)
    >>> interleaving.learned([3, 5])
    >>> interleaving.is_due(9), interleaving.is_due(10), interleaving.tasks
    (False, True, (3, 5))
    """

    def __init__(self, every_events: int | None) -> None:
        self._every_events = every_events
        self._since = 0
        self._tasks: set[int] = set()

    @property
    def tasks(self) -> tuple[int, ...]:
        """Those that were learned since the last boundary."""
        return tuple(sorted(self._tasks))

    def learned(self, tasks: Iterable[int]) -> None:
        """Take note of the tasks of what was learned."""
        self._tasks.update(tasks)

    def is_due(self, events: int) -> bool:
        """Tell whether there is to be a boundary after so many events."""
        every = self._every_events
        if every is None or len(self._tasks) < _SEVERAL:
            return False
        return events // every > self._since // every and events - self._since >= every / 2

    def boundary(self, events: int) -> None:
        """Take note of a boundary, of whatever kind, after so many events."""
        self._since = events
        self._tasks.clear()

    def merge_task(self, task: int, *, into: int) -> None:
        """Take ``task`` for ``into``."""
        self._tasks = {into if each == task else each for each in self._tasks}

    def state_dict(self) -> dict[str, Any]:
        """Return when the last boundary was, and the tasks since."""
        return {"since": self._since, "tasks": list(self.tasks)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self._since, self._tasks = state["since"], set(state["tasks"])
