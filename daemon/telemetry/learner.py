"""Shows one learner in the metrics: its strategies, its scores and its retention."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.telemetry.status import named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from daemon.learning.snapshot import BufferSnapshot, LearnerSnapshot, StrategySnapshot
    from daemon.scoring.learner_scores import LearnerScores
    from daemon.scoring.prequential_score import PrequentialScore
    from daemon.telemetry.metrics.learner import LearnerMetrics
    from daemon.telemetry.metrics.prequential import PrequentialMetrics


def show_overall(metrics: PrequentialMetrics, *, total: PrequentialScore, window: PrequentialScore) -> None:
    """Show how good answers are, over everything and over the window."""
    metrics.overall(
        score=total.retention_score,
        samples=total.rows,
        kappa=total.kappa,
        window_score=window.retention_score,
        window_samples=window.rows,
        window_kappa=window.kappa,
    )


class LearnerTelemetry:
    """Remembers what was shown last, so that a time is known of what has happened since."""

    def __init__(self, metrics: LearnerMetrics) -> None:
        self._metrics = metrics
        self._evaluated: tuple[int | None, int] = (None, 0)
        self._counts: dict[str, tuple[int, float | None]] = {}
        self.matrix: Mapping[int, Mapping[str, float]] = {}
        """R by boundary and task name, as of the last evaluation."""

    def show(
        self, learner: LearnerSnapshot, *, tasks: Mapping[int, str], classes: Sequence[str], at: float
    ) -> None:
        """Show everything as of Unix time ``at``; retention only where there was an evaluation since."""
        self._metrics.strategies.restraint(learning_rate=learner.learning_rate, steps_left=learner.steps_left)
        self._metrics.strategies.clipped(learner.clipped_values)
        if learner.plasticity is not None:
            self._metrics.plasticity.show(learner.plasticity)
        for name, strategy in learner.strategies.items():
            self._show_strategy(name, strategy, at=at)
            if strategy.buffer is not None:
                self._show_buffer(name, strategy.buffer, strategy.gauges, tasks=tasks, classes=classes)
        self.show_scores(learner.scores, tasks=tasks, at=at)

    def show_scores(self, scores: LearnerScores, *, tasks: Mapping[int, str], at: float) -> None:
        """Show how good the answers are as of Unix time ``at``."""
        if scores.total.rows:
            self._show_prequential(scores)
            self._show_reference(scores)
        evaluated = (scores.figures.events, scores.figures.boundaries)
        if scores.figures.events is not None and evaluated != self._evaluated:
            self._evaluated = evaluated
            self._show_retention(scores, tasks, at=at)

    def last_happened(self, event: str, count: int, *, at: float) -> float | None:
        """Return when ``event`` last happened, by its count; None where that was in an earlier process."""
        before, when = self._counts.get(event, (count, None))
        self._counts[event] = (count, at if count != before else when)
        return self._counts[event][1]

    def _show_strategy(self, name: str, strategy: StrategySnapshot, *, at: float) -> None:
        self._metrics.strategies.figures(name, strategy.gauges)
        if "consolidations" in strategy.gauges:
            count = int(strategy.gauges["consolidations"])
            self._metrics.strategies.anchor(
                name,
                penalty=strategy.penalty,
                consolidations=count,
                consolidated_seconds=self.last_happened(f"{name} consolidated", count, at=at),
            )

    def _show_buffer(
        self,
        name: str,
        buffer: BufferSnapshot,
        gauges: Mapping[str, float],
        *,
        tasks: Mapping[int, str],
        classes: Sequence[str],
    ) -> None:
        self._metrics.strategies.buffer(
            name,
            rows=int(gauges["buffer_rows"]),
            capacity_rows=int(gauges["buffer_capacity_rows"]),
            size_bytes=int(gauges["buffer_bytes"]),
            seen=int(gauges["buffer_seen_rows"]),
            task_rows=named(buffer.by_task, tasks),
            class_rows=named(buffer.by_class, dict(enumerate(classes))),
        )

    def _show_prequential(self, scores: LearnerScores) -> None:
        show_overall(self._metrics.prequential, total=scores.total, window=scores.window)
        self._metrics.prequential.by_task(
            {name: score.retention_score for name, score in scores.of_task.items()},
            samples={name: score.rows for name, score in scores.of_task.items()},
        )

    def _show_reference(self, scores: LearnerScores) -> None:
        reference = scores.reference
        if reference is not None:
            self._metrics.retention.reference(reference.now, initial=reference.initial, samples=reference.samples)

    def _show_retention(self, scores: LearnerScores, names: Mapping[int, str], *, at: float) -> None:
        tasks = {names[task]: of_task for task, of_task in scores.figures.tasks.items()}
        self._metrics.retention.scored(
            {name: task.now for name, task in tasks.items()},
            samples={name: task.samples for name, task in tasks.items()},
            errors={name: task.error for name, task in tasks.items()},
            forgetting={name: task.forgetting for name, task in tasks.items()},
            summary=scores.summary,
            at_seconds=at,
        )
        self.matrix = scores.matrix(names)
        self._metrics.retention.matrix(
            self.matrix, untrained={name: task.untrained for name, task in tasks.items()}
        )
