"""Where the stream stands among its tasks: the current one, boundaries and drift alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.telemetry.metrics.family import Family

if TYPE_CHECKING:
    from daemon.telemetry.metrics.board import Board
    from daemon.telemetry.metrics.bounded_labels import BoundedLabels

KNOWN = Family("retaind_tasks_known", "gauge", "Tasks told apart so far.", unit="tasks")
CURRENT = Family("retaind_current_task_info", "info", "The task of the newest event.", ("task",))
BOUNDARIES = Family("retaind_boundaries_total", "counter", "Task boundaries, earlier runs included.")
ALARMS = Family("retaind_drift_alarms_total", "counter", "Alarms of the drift detector, earlier runs included.")
DETECTED = Family(
    "retaind_drift_last_detected_timestamp_seconds", "gauge", "When drift was last detected.", unit="seconds"
)
FAMILIES = (KNOWN, CURRENT, BOUNDARIES, ALARMS, DETECTED)


class TaskMetrics:
    """Shows the tasks as they are in the state, so the counters continue across restarts."""

    def __init__(self, board: Board, *, tasks: BoundedLabels) -> None:
        self._board = board
        self._tasks = tasks
        with board.tell() as now:
            for family in (KNOWN, BOUNDARIES, ALARMS):
                now.set(family, 0)

    def current(self, task: str | None, *, known: int, boundaries: int) -> None:
        """Show the current task (None before the first event) and how many tasks and boundaries there were."""
        with self._board.tell() as now:
            now.replace(CURRENT, {} if task is None else {now.place(self._tasks, task): 1.0})
            now.set(KNOWN, known)
            now.set(BOUNDARIES, boundaries)

    def drift(self, *, alarms: int, detected_seconds: float | None) -> None:
        """Show all drift alarms so far and the Unix time of the last one."""
        with self._board.tell() as now:
            now.set(ALARMS, alarms)
            now.set(DETECTED, detected_seconds)
