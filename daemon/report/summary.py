"""What came of a run, in figures: at its end from the daemon itself, later from its newest checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from daemon.learning.snapshot import COMMITTEE, MAIN, NO_CHANGE
from daemon.scoring.class_scores import balanced_accuracy
from daemon.telemetry.status import by_class_status, no_change_status, prequential_status, retention_status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.learning.snapshot import PipelineSnapshot
    from daemon.report.run_record import RunRecord
    from daemon.scoring.class_scores import ClassScore
    from daemon.scoring.learner_scores import LearnerScores


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run until one moment."""

    events: int
    """Predicted, and learned or held out."""
    rejected: Mapping[str, int]
    """Records that could not be learned from, by ``stage/reason``."""
    learners: Mapping[str, LearnerScores]
    """By name, what is published first; none before the first event."""
    by_class: Mapping[str, ClassScore]
    """Of what is published; empty in regression."""
    tasks: Mapping[int, str]
    """Names of the tasks, by code."""

    @classmethod
    def of_snapshot(cls, pipeline: PipelineSnapshot, *, rejected: Mapping[str, int]) -> Self:
        """Return it of a daemon that is running or has just stopped."""
        learners = {name: learner.scores for name, learner in pipeline.learners.items()}
        return cls(
            events=pipeline.events,
            rejected=rejected,
            learners=({} if pipeline.committee is None else {COMMITTEE: pipeline.committee.scores}) | learners,
            by_class=pipeline.by_class,
            tasks=pipeline.tasks,
        )

    @classmethod
    def of_record(cls, run: RunRecord) -> Self:
        """Return it of a checkpoint."""
        learners = {learner.name: learner.scores for learner in run.learners}
        return cls(
            events=run.events,
            rejected={} if run.history is None else run.history.rejected,
            learners=({} if run.committee is None else {COMMITTEE: run.committee}) | learners,
            by_class=run.by_class,
            tasks=run.task_names,
        )

    @property
    def published(self) -> str | None:
        """Whose answers are published; None before the first event."""
        return next(iter(self.learners), None)

    @property
    def is_of_classes(self) -> bool:
        """Whether the label is a class."""
        return any(scores.total.accuracy is not None for scores in self.learners.values())

    @property
    def balanced_accuracy(self) -> float | None:
        """The mean recall of the classes that have come; None in regression."""
        return balanced_accuracy(self.by_class.values())

    def json(self) -> dict[str, Any]:
        """Return it as JSON values; scores are shares of 1, errors in the label's unit, undefined ones null."""
        main = self.learners.get(MAIN)
        return {
            "events": self.events,
            "rejected": {"total": sum(self.rejected.values()), "by_reason": dict(self.rejected)},
            "published": self.published,
            "learners": {
                name: {
                    "prequential": prequential_status(of.total, of.window),
                    "retention": retention_status(of, self.tasks),
                }
                for name, of in self.learners.items()
            },
            NO_CHANGE: None if main is None else no_change_status(main.total, main.window),
            "balanced_accuracy": self.balanced_accuracy,
            "by_class": by_class_status(self.by_class),
        }
