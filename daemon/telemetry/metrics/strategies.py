"""What holds the past: anchors, buffers and the classes that are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.telemetry.metrics.family import Family

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.telemetry.metrics.board import Board
    from daemon.telemetry.metrics.bounded_labels import BoundedLabels

PENALTY = Family(
    "retaind_anchor_penalty", "gauge", "The anchor's penalty at the weights as they are now.", ("strategy",)
)
ACTIVE = Family(
    "retaind_anchor_active",
    "gauge",
    "1 if the anchor has consolidated and its penalty is not exactly zero; 0: it protects nothing.",
    ("strategy",),
)
CONSOLIDATIONS = Family(
    "retaind_anchor_consolidations_total",
    "counter",
    "Consolidations of the anchor, earlier runs included.",
    ("strategy",),
)
CONSOLIDATED = Family(
    "retaind_anchor_last_consolidation_timestamp_seconds",
    "gauge",
    "When the anchor last consolidated.",
    ("strategy",),
    unit="seconds",
)
FIGURE = Family(
    "retaind_strategy_figure", "gauge", "A figure that a strategy reports about its state.", ("strategy", "figure")
)
ROWS = Family("retaind_buffer_rows", "gauge", "Rows in the replay buffer.", ("strategy",), unit="rows")
CAPACITY = Family(
    "retaind_buffer_capacity_rows", "gauge", "Rows that the replay buffer can hold.", ("strategy",), unit="rows"
)
BYTES = Family(
    "retaind_buffer_bytes", "gauge", "Bytes that the rows in the replay buffer take.", ("strategy",), unit="bytes"
)
SEEN = Family(
    "retaind_buffer_seen_total",
    "counter",
    "Rows ever offered to the buffer, earlier runs included.",
    ("strategy",),
    unit="rows",
)
TASK_ROWS = Family(
    "retaind_buffer_task_rows", "gauge", "Rows in the replay buffer by task.", ("strategy", "task"), unit="rows"
)
CLASS_ROWS = Family(
    "retaind_buffer_class_rows", "gauge", "Rows in the replay buffer by class.", ("strategy", "class"), unit="rows"
)
CLASSES = Family("retaind_classes_known", "gauge", "Classes seen so far, or declared.", unit="classes")
LEARNING_RATE = Family("retaind_learning_rate", "gauge", "Learning rate of the optimizer in the next step.")
CLIPPED = Family(
    "retaind_values_clipped_total",
    "counter",
    "Feature values clipped for being more than learner.clip_values standard deviations from their mean.",
    unit="values",
)
STEPS_LEFT = Family(
    "retaind_learner_steps_left",
    "gauge",
    "Steps left of the step budget, learner.updates_per_task, of this task; at 0 the model only predicts.",
    unit="steps",
)
ANCHORS = (PENALTY, ACTIVE, CONSOLIDATIONS, CONSOLIDATED)
BUFFERS = (ROWS, CAPACITY, BYTES, SEEN, TASK_ROWS, CLASS_ROWS)
FAMILIES = (*ANCHORS, *BUFFERS, FIGURE, CLASSES, LEARNING_RATE, CLIPPED, STEPS_LEFT)


class StrategyMetrics:
    """Shows the state of the strategies. ``strategy`` is a name from the configuration, so bounded by it."""

    def __init__(self, board: Board, *, tasks: BoundedLabels, max_classes: int) -> None:
        self._board = board
        self._tasks = tasks
        self._classes = board.labels("class", limit=max_classes)
        self._figures = board.labels("strategy", "figure", limit=64)
        self.clipped(0)

    def anchor(
        self, strategy: str, *, penalty: float | None, consolidations: int, consolidated_seconds: float | None
    ) -> None:
        """Show an anchor as it is now: its penalty, all consolidations so far, Unix time of the last one."""
        with self._board.tell() as now:
            now.set(PENALTY, penalty, strategy)
            now.set(ACTIVE, float(consolidations > 0 and bool(penalty)), strategy)
            now.set(CONSOLIDATIONS, consolidations, strategy)
            now.set(CONSOLIDATED, consolidated_seconds, strategy)

    def figures(self, strategy: str, figures: Mapping[str, float]) -> None:
        """Show what a strategy tells about itself, by snake_case name."""
        with self._board.tell() as now:
            for name, value in figures.items():
                place = now.place(self._figures, strategy, name)
                if place != self._figures.other:
                    now.set(FIGURE, value, *place)

    def buffer(
        self,
        strategy: str,
        *,
        rows: int,
        capacity_rows: int,
        size_bytes: int,
        seen: int,
        task_rows: Mapping[str, int],
        class_rows: Mapping[str, int],
    ) -> None:
        """Show a buffer as it is now. Tasks and classes not named have no rows and are absent."""
        with self._board.tell() as now:
            now.set(ROWS, rows, strategy)
            now.set(CAPACITY, capacity_rows, strategy)
            now.set(BYTES, size_bytes, strategy)
            now.set(SEEN, seen, strategy)
            now.replace_under(TASK_ROWS, strategy, now.summed(self._tasks, task_rows))
            now.replace_under(CLASS_ROWS, strategy, now.summed(self._classes, class_rows))

    def classes_known(self, count: int) -> None:
        """Show how many classes are known."""
        with self._board.tell() as now:
            now.set(CLASSES, count)

    def clipped(self, values: int) -> None:
        """Show how many values this process has taken for less than they were."""
        with self._board.tell() as now:
            now.set(CLIPPED, values)

    def restraint(self, *, learning_rate: float | None, steps_left: int | None) -> None:
        """Show how far and how often the model may still move."""
        with self._board.tell() as now:
            now.set(LEARNING_RATE, learning_rate)
            now.set(STEPS_LEFT, steps_left)
