"""Where the stream stands among its tasks: the current one, boundaries and drift alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.telemetry.metrics.family import Family

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daemon.telemetry.metrics.board import Board
    from daemon.telemetry.metrics.bounded_labels import BoundedLabels

KNOWN = Family("retaind_tasks_known", "gauge", "Tasks told apart now.", unit="tasks")
CURRENT = Family("retaind_current_task_info", "info", "The task of the newest event.", ("task",))
BOUNDARIES = Family("retaind_boundaries_total", "counter", "Task boundaries, earlier runs included.")
ALARMS = Family("retaind_drift_alarms_total", "counter", "Alarms of the drift detector, earlier runs included.")
DETECTED = Family(
    "retaind_drift_last_detected_timestamp_seconds", "gauge", "When drift was last detected.", unit="seconds"
)
MERGED = Family("retaind_tasks_merged_total", "counter", "Tasks that made room for another and joined __other__.")
FAMILIES = (KNOWN, MERGED, CURRENT, BOUNDARIES, ALARMS, DETECTED)


class TaskMetrics:
    """Shows the tasks as they are in the state, so the counters continue across restarts."""

    def __init__(self, board: Board, *, tasks: BoundedLabels) -> None:
        self._board = board
        self._tasks = tasks
        with board.tell() as now:
            for family in (KNOWN, MERGED, BOUNDARIES, ALARMS):
                now.set(family, 0)

    def known(self, names: Iterable[str], *, merged: int) -> None:
        """Show how many tasks there are, and how many there were; first of all areas: labels of others are free."""
        known = list(names)
        self._tasks.keep((name,) for name in known)
        with self._board.tell() as now:
            now.set(KNOWN, len(known))
            now.set(MERGED, merged)

    def current(self, task: str | None, *, boundaries: int) -> None:
        """Show the current task (None before the first event) and how many boundaries there were."""
        with self._board.tell() as now:
            now.replace(CURRENT, {} if task is None else {now.place(self._tasks, task): 1.0})
            now.set(BOUNDARIES, boundaries)

    def drift(self, *, alarms: int, detected_seconds: float | None) -> None:
        """Show all drift alarms so far and the Unix time of the last one."""
        with self._board.tell() as now:
            now.set(ALARMS, alarms)
            now.set(DETECTED, detected_seconds)
