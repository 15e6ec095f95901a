"""What the demo's picture shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from daemon.demo.configuration import NAIVE, RETAIND
from daemon.plots.retention_curves import Panel, retention_curves
from daemon.plots.segment import Segment

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from daemon.demo.learning import Learned

_HEADINGS = {NAIVE: "naive: no strategy against forgetting", RETAIND: "retaind: replay + EWC"}


def picture(naive: Learned, retaind: Learned) -> Figure:
    """Return the retention curves of both learners, with the finding as their title."""
    averages = (f"{learned.figures.average_score or 0:.0%}" for learned in (naive, retaind))
    return retention_curves(
        [_panel(naive), _panel(retaind)],
        tasks=naive.regimes,
        segments=_segments(naive),
        title="Over all regimes, the naive learner ends at {} accuracy, retaind at {}".format(*averages),
        subtitle="Accuracy on held-out events of each operating regime, while one after another is learned",
    )


def _panel(learned: Learned) -> Panel:
    return Panel(
        heading=_HEADINGS[learned.name],
        events=np.array([evaluation.events for evaluation in learned.course]),
        scores=np.array([evaluation.scores[: len(learned.regimes)] for evaluation in learned.course]),
    )


def _segments(learned: Learned) -> list[Segment]:
    ends = [(boundary.task, boundary.events) for boundary in learned.boundaries]
    ends.append((learned.now.task, learned.now.events))
    starts = [0, *(events for _, events in ends)]
    return [Segment(task, start, stop) for start, (task, stop) in zip(starts, ends, strict=False)]
