"""Tasks by drift: a new one begins when the error has risen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.tasks.alarm import Alarm
from daemon.tasks.assigned import Assigned, Segment
from daemon.tasks.contract import Tasks
from daemon.tasks.drift_options import DriftTasksOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from connectors.decoder import Rows
    from daemon.tasks.task_names import TaskNames


class DriftTasks(Tasks):
    """Rows belong to segment-0 until the first alarm, then to segment-1, and so on.

    A segment begins with the first row after the micro-batch in which the alarm was raised; two alarms in one
    micro-batch are one. For the end of a segment to count as a boundary, it must also have lasted
    ``retention.min_segment_events``. The detectors expect errors of 0 or 1, or absolute errors in units of the
    target's deviation; Page-Hinkley's threshold is in the same units.
    """

    Options = DriftTasksOptions

    def __init__(self, options: DriftTasksOptions, *, names: TaskNames) -> None:
        super().__init__(options, names=names)
        self.alarms = 0
        """Alarms so far: the number of the running segment."""
        self._alarm = Alarm(
            options.kind,
            min_events=options.min_events,
            horizon=options.inputs_kept,
            average=options.errors_per_input,
        )

    def assign(self, rows: Rows) -> Assigned:
        """Return the running segment for every row."""
        return Assigned.to_one(self._running(), rows=len(rows))

    def observe(self, errors: NDArray[np.float64]) -> Segment | None:
        """Give a micro-batch's errors to the detector; return the new segment after an alarm."""
        # Counted here, not where they were assigned: an alarm may have given some of them another segment since.
        self._see(rows=len(errors))
        if not self._alarm.observe(errors):
            return None
        self.alarms += 1
        self.names.code(self._name)
        return self._running()

    @property
    def _name(self) -> str:
        return f"segment-{self.alarms}"

    def _running(self) -> Segment:
        return Segment(self._see(rows=0), segment=self.alarms, retired=self.names.made_room)

    def _see(self, *, rows: int) -> int:
        # Whether there is room is asked once, where a segment begins: rows may have been assigned ahead.
        see = self.names.seen if len(self.names) else self.names.code
        return see(self._name, rows=rows)

    def state_dict(self) -> dict[str, Any]:
        """Return the names, the number of alarms and the detector's inputs."""
        return {**super().state_dict(), "alarms": self.alarms, "alarm": self._alarm.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state that ``state_dict`` returned, by replaying the detector's inputs."""
        super().load_state_dict(state)
        self.alarms = state["alarms"]
        self._alarm.load_state_dict(state["alarm"])
