"""What may be compared of the main learner and its companions: what is of the same events, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.learning.snapshot import MAIN
from daemon.scoring.average_lead import average_lead

if TYPE_CHECKING:
    from daemon.learning.snapshot import PipelineSnapshot
    from daemon.scoring.average_lead import AverageLead
    from daemon.scoring.lead import Lead
    from daemon.scoring.prequential_score import PrequentialScore

NAIVE = "naive"
"""The companion that stands for the same learner without retention; so it is, if it has had the same events."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far the main learner is ahead of one companion; None where nothing can be compared."""

    newest: Lead | None
    """On the events of the window that both have predicted."""
    average: AverageLead | None
    """On the probe sets, at the newest evaluation of both."""


def comparisons(pipeline: PipelineSnapshot) -> dict[str, Comparison]:
    """Return the comparison with each companion, by its name; none before the first event."""
    main = pipeline.main
    if main is None:
        return {}
    return {
        name: Comparison(
            newest=pipeline.leads.of_main.get(name),
            average=average_lead(main.scores, over=learner.scores) if is_like_main(pipeline, name) else None,
        )
        for name, learner in pipeline.learners.items()
        if name != MAIN
    }


def is_like_main(pipeline: PipelineSnapshot, name: str) -> bool:
    """Tell whether a companion is what its name says: the naive one, where it has had all that was to be learned.

    One that passes micro-batches by, has done so, or has begun later, has learned less and forgotten less.
    """
    main = pipeline.main
    assert main is not None
    return name != NAIVE or missed(pipeline, name) == 0


def missed(pipeline: PipelineSnapshot, name: str) -> int:
    """Return how many events of the closed micro-batches a companion has not predicted."""
    main = pipeline.main
    assert main is not None
    return _predicted(main.scores.total) - pipeline.waiting - _predicted(pipeline.learners[name].scores.total)


def _predicted(score: PrequentialScore) -> int:
    return score.rows + score.not_finite
