"""Tells what one learner knows: its strategies, its scores and its retention."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.scoring.learner_scores import matrix_of
from strategies.buffer import Buffered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from daemon.scoring.learner_scores import Marked, Marks
    from daemon.telemetry.metrics.learner import LearnerMetrics
    from strategies.strategy import Strategy


class LearnerTelemetry:
    """Remembers what was told last, so that a time is known of what has happened since."""

    def __init__(self, metrics: LearnerMetrics, *, now: Callable[[], float]) -> None:
        self._metrics = metrics
        self._now = now
        self._examined: tuple[int | None, int] = (None, 0)
        self._counts: dict[str, tuple[int, float | None]] = {}
        self.matrix: Mapping[int, Mapping[str, float]] = {}
        """R by boundary and task name, as it was told last."""
        self.buffers: dict[str, Mapping[str, int]] = {}
        """Rows by task name of each strategy's buffer, as they were told last."""

    def tell(self, learner: Marked, marks: Marks, *, tasks: Mapping[int, str], classes: Sequence[str]) -> None:
        """Show everything as of now; retention only where there was an examination since."""
        self._metrics.learning.restraint(learning_rate=learner.learning_rate, steps_left=learner.steps_left)
        self._metrics.learning.clipped(learner.learner.limited_values)
        for name, strategy in learner.learner.strategies:
            self._tell_strategy(name, strategy, learner, marks.gauges[name])
            if isinstance(strategy, Buffered):
                self._tell_buffer(name, strategy, marks.gauges[name], tasks=tasks, classes=classes)
        if marks.total.rows:
            self._tell_prequential(marks)
            self._tell_reference(learner)
        examined = (marks.figures.events, marks.figures.boundaries)
        if marks.figures.events is not None and examined != self._examined:
            self._examined = examined
            self._tell_retention(learner, marks, tasks)

    def seen(self, event: str, count: int) -> float | None:
        """Return when ``event`` last happened, by its count; None where that was in an earlier process."""
        before, at = self._counts.get(event, (count, None))
        self._counts[event] = (count, self._now() if count != before else at)
        return self._counts[event][1]

    def _tell_strategy(self, name: str, strategy: Strategy, learner: Marked, gauges: Mapping[str, float]) -> None:
        self._metrics.learning.figures(name, gauges)
        if "consolidations" in gauges:
            count = int(gauges["consolidations"])
            self._metrics.learning.anchor(
                name,
                penalty=strategy.penalty(learner.learner.parameters),
                consolidations=count,
                consolidated_seconds=self.seen(f"{name} consolidated", count),
            )

    def _tell_buffer(
        self,
        name: str,
        strategy: Buffered,
        gauges: Mapping[str, float],
        *,
        tasks: Mapping[int, str],
        classes: Sequence[str],
    ) -> None:
        by_task, by_class = strategy.composition()
        self.buffers[name] = _named(by_task, tasks)
        self._metrics.learning.buffer(
            name,
            rows=int(gauges["buffer_rows"]),
            capacity_rows=int(gauges["buffer_capacity_rows"]),
            size_bytes=int(gauges["buffer_bytes"]),
            seen=int(gauges["buffer_seen_rows"]),
            task_rows=self.buffers[name],
            class_rows=_named(by_class, dict(enumerate(classes))),
        )

    def _tell_prequential(self, marks: Marks) -> None:
        total, window = marks.total, marks.window
        self._metrics.prequential.overall(
            score=total.retention_score,
            samples=total.rows,
            kappa=total.kappa,
            window_score=window.retention_score,
            window_samples=window.rows,
            window_kappa=window.kappa,
        )
        self._metrics.prequential.by_task(
            {name: score.retention_score for name, score in marks.of_task.items()},
            samples={name: score.rows for name, score in marks.of_task.items()},
        )

    def _tell_reference(self, learner: Marked) -> None:
        reference = learner.examiner.reference
        if reference is not None:
            self._metrics.retention.reference(reference.now, initial=reference.initial, samples=reference.samples)

    def _tell_retention(self, learner: Marked, marks: Marks, names: Mapping[int, str]) -> None:
        tasks = {names[task]: of_task for task, of_task in marks.figures.tasks.items()}
        self._metrics.retention.scored(
            {name: task.now for name, task in tasks.items()},
            samples={name: task.samples for name, task in tasks.items()},
            forgetting={name: task.forgetting for name, task in tasks.items()},
            summary=marks.summary,
            at_seconds=self._now(),
        )
        self.matrix = matrix_of(learner.examiner.matrix.table(), names)
        self._metrics.retention.matrix(
            self.matrix, untrained={name: task.untrained for name, task in tasks.items()}
        )


def _named(counts: Mapping[int, int], names: Mapping[int, str]) -> dict[str, int]:
    return {names[index]: count for index, count in counts.items()}
