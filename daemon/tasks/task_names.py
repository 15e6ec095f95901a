"""The tasks that are told apart: their names, their codes, and a bound on their number."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from daemon.tasks.assigned import Assigned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OTHER = "__other__"
"""The name that all tasks share which are not told apart."""

ALIVE_EVENTS = 1_000


class Retired(NamedTuple):
    """A task that has made room for another, and of which not everybody has heard yet."""

    code: int
    name: str


class TaskNames:
    """Gives each task name a code, 0, 1, … in the order of first sight, for at most ``max_tasks`` at a time.

    Where all codes are taken, the task that was not seen for longest makes room for a new one, which gets its
    code; but not one that is alive, seen within ``alive_events`` rows, and none at all where that is None. A name
    for which there is no room shares the code ``other`` = ``max_tasks`` until there is, so arrays by task code need
    ``size`` = ``max_tasks`` + 1 places. A name that made room and comes back is a new task.

    Rows are named ahead of what is done with them, so a code is the old task's until ``retire`` is called: before
    the first row whose ``Assigned.retired`` says so. ``name`` and ``known`` tell the names as of then.

    >>> names = TaskNames(max_tasks=2, alive_events=2)
    >>> names.assign(["day", "night", "dusk", "dusk", "dusk"]).task.tolist()
    [0, 1, 0, 0, 0]
    >>> names.name(0), names.retire().name, names.name(0)
    ('day', 'day', 'dusk')
    """

    def __init__(self, max_tasks: int, *, alive_events: int | None = ALIVE_EVENTS) -> None:
        assert max_tasks >= 1
        self.other = max_tasks
        self.size = max_tasks + 1
        self.overflowed = 0
        """Rows whose task was not told apart."""
        self._alive_events = alive_events
        self._code: dict[str, int] = {}
        self._name: dict[int, str] = {}
        self._segment: dict[str, int] = {}
        self._last_seen: dict[str, int] = {}
        self._rows = 0
        self.made_room = 0
        """Tasks that have made room so far, whether everybody has heard of it or not."""
        self._unheard: deque[Retired] = deque()

    def __len__(self) -> int:
        return len(self._code)

    @property
    def names(self) -> list[str]:
        """The names that have a code, by code."""
        return [self._name[code] for code in sorted(self._name)]

    @property
    def known(self) -> dict[int, str]:
        """The name of each code that is in use, but for ``other``: the old task's until it is retired."""
        return self._name | dict(reversed(self._unheard))

    @property
    def retired(self) -> int:
        """Tasks that have made room so far, and of which everybody has heard."""
        return self.made_room - len(self._unheard)

    def name(self, code: int) -> str:
        """Return the name of a code."""
        if code == self.other:
            return OTHER
        return next((old.name for old in self._unheard if old.code == code), self._name.get(code, OTHER))

    @property
    def next_retired(self) -> Retired:
        """The task that made room first, of those that have not been retired."""
        return self._unheard[0]

    def retire(self) -> Retired:
        """Take note that everybody has heard of ``next_retired``; return it. Its code is another's now."""
        return self._unheard.popleft()

    def assign(self, names: Sequence[str]) -> Assigned:
        """Return the tasks of rows ``(rows,)`` that have these names, and count those in ``__other__``."""
        if all(name in self._code for name in names):
            self._see_all(names)
            code, segment = self._code, self._segment
            return Assigned(
                np.array([code[name] for name in names], dtype=np.int64),
                np.array([segment[name] for name in names], dtype=np.int64),
                np.full(len(names), self.made_room, dtype=np.int64),
            )
        rows = np.array([self._assign(name) for name in names], dtype=np.int64)
        return Assigned(rows[:, 0], rows[:, 1], rows[:, 2])

    def code(self, name: str, *, rows: int = 0) -> int:
        """Return the code of a name; one that has none gets one where there is room. Count so many rows for it."""
        self._rows += rows
        code = self._enter(name)
        self.overflowed += rows if code == self.other else 0
        return code

    def seen(self, name: str, *, rows: int) -> int:
        """Count rows for a name that had its chance of a code; return the code that it has."""
        if name in self._code:
            return self.code(name, rows=rows)
        self._rows += rows
        self.overflowed += rows
        return self.other

    def _assign(self, name: str) -> tuple[int, int, int]:
        code = self.code(name, rows=1)
        return code, self._segment.get(name, self.other), self.made_room

    def _see_all(self, names: Sequence[str]) -> None:
        for row, name in enumerate(names, start=self._rows + 1):
            self._last_seen[name] = row
        self._rows += len(names)

    def _enter(self, name: str) -> int:
        code = self._code.get(name)
        if code is None:
            code = None if name == OTHER else self._room()
            if code is None:
                return self.other
            self._code[name], self._name[code] = code, name
            self._segment[name] = code if not self.made_room else self.other + self.made_room
        self._last_seen[name] = self._rows
        return code

    def _room(self) -> int | None:
        """Return a code that nobody has, or that of the task not seen for longest; None where all are alive."""
        if len(self._code) < self.other:
            return len(self._code)
        oldest = min(self._last_seen, key=self._last_seen.__getitem__)
        if self._alive_events is None or self._rows - self._last_seen[oldest] < self._alive_events:
            return None
        code = self._code.pop(oldest)
        del self._segment[oldest], self._last_seen[oldest]
        self.made_room += 1
        self._unheard.append(Retired(code, oldest))
        return code

    def state_dict(self) -> dict[str, Any]:
        """Return the names with their codes and when each was seen, and what made room for them."""
        names = self.names
        return {
            "names": names,
            "segment": [self._segment[name] for name in names],
            "last_seen": [self._last_seen[name] for name in names],
            "rows": self._rows,
            "retired": self.made_room,
            "unheard": [[code, name] for code, name in self._unheard],
            "overflowed": self.overflowed,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up saved names; raise ``ValueError`` where there are more than ``max_tasks``."""
        names = state["names"]
        if len(names) > self.other:
            raise ValueError(
                f"the saved state has {len(names)} tasks, more than retention.max_tasks = {self.other}; "
                "raise it or start with an empty state directory"
            )
        self._name = dict(enumerate(names))
        self._code = {name: code for code, name in self._name.items()}
        self._segment = dict(zip(names, state["segment"], strict=True))
        self._last_seen = dict(zip(names, state["last_seen"], strict=True))
        self._rows, self.made_room = state["rows"], state["retired"]
        self._unheard = deque(Retired(code, name) for code, name in state["unheard"])
        self.overflowed = int(state["overflowed"])
