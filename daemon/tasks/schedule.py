"""Tasks by a schedule: so many events, or so much time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from daemon.options import Duration, Section
from daemon.tasks.assigned import Assigned
from daemon.tasks.clock_jumps import ClockJumps
from daemon.tasks.contract import Tasks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from connectors.decoder import Rows
    from daemon.tasks.task_names import TaskNames

LARGEST_PERIOD = 2.0**61


class ScheduledTasksOptions(Section):
    """A new task begins after a number of events or a length of time."""

    type: Literal["schedule"] = "schedule"
    every_events: int | None = Field(None, ge=1, description="Events per period; give either this or every.")
    every: Duration | None = Field(
        None,
        description="Event time per period, such as 1h or 1d; periods begin at its multiples (UTC).",
    )
    cycle: int | None = Field(
        None,
        ge=1,
        description="Periods after which tasks repeat, never by default; 1: boundaries without new tasks.",
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.every_events is None) == (self.every is None):
            raise ValueError("give either every_events or every")
        return self


class ScheduledTasks(Tasks):
    """A row's task is its period: period-0 is that of the first row (of the first one whose time is known).

    By time, a row belongs to the period of its own event time, so a late row belongs to an earlier one; rows from
    before period-0 are in period--1 and so on. A row whose time is unknown, or that of a wrong clock (see
    ``ClockJumps``), belongs to the period of the row before. By events, every row that is assigned counts.
    """

    Options = ScheduledTasksOptions

    def __init__(self, options: ScheduledTasksOptions, *, names: TaskNames) -> None:
        super().__init__(options, names=names)
        self._rows = 0
        self._first: int | None = None
        self._period = 0
        self._jumps = ClockJumps()

    def assign(self, rows: Rows) -> Assigned:
        """Return each row's task, and its period as the segment."""
        if not len(rows):
            return Assigned(*np.empty((3, 0), dtype=np.int64))
        period = self._by_count(len(rows)) if self.options.every is None else self._by_time(rows.time)
        named = self._named(period)
        return Assigned(named.task, period, named.retired)

    def _by_count(self, rows: int) -> NDArray[np.int64]:
        period: NDArray[np.int64] = (self._rows + np.arange(rows, dtype=np.int64)) // self.options.every_events
        self._rows += rows
        return period

    def _by_time(self, time: NDArray[np.float64]) -> NDArray[np.int64]:
        known = np.isfinite(time)
        number = np.floor(np.where(known, time, 0.0) / self.options.every)
        number = np.clip(number, -LARGEST_PERIOD, LARGEST_PERIOD).astype(np.int64)
        if self._first is None and known.any():
            self._first = int(number[known][0])
        period = number - (self._first or 0)
        newest_known = np.maximum.accumulate(np.where(known, np.arange(len(time)), -1))
        period[known] = self._jumps.without_wrong(period[known])
        period = np.where(newest_known < 0, self._period, period[newest_known])
        self._period = int(period[-1])
        return period

    def _named(self, period: NDArray[np.int64]) -> Assigned:
        cycle = self.options.cycle
        numbers = period if cycle is None else period % cycle
        return self.names.assign([f"period-{number}" for number in numbers.tolist()])

    def state_dict(self) -> dict[str, Any]:
        """Return the names and where the schedule stands."""
        return {
            **super().state_dict(),
            "rows": self._rows,
            "first": self._first,
            "period": self._period,
            "jumps": self._jumps.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state that ``state_dict`` returned."""
        super().load_state_dict(state)
        self._rows, self._first, self._period = state["rows"], state["first"], state["period"]
        self._jumps.load_state_dict(state["jumps"])
