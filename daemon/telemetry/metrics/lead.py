"""How far the main learner is ahead of others, over the same events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.telemetry.metrics.family import Family

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.scoring.average_lead import AverageLead
    from daemon.scoring.lead import Lead
    from daemon.telemetry.metrics.board import Board

WINDOW = Family(
    "retaind_prequential_window_lead",
    "gauge",
    "Score of the main learner minus that of another, over the same events of the window.",
    ("learner",),
    unit="score",
)
WINDOW_SAMPLES = Family(
    "retaind_prequential_window_lead_samples",
    "gauge",
    "Predictions of either in retaind_prequential_window_lead.",
    ("learner",),
    unit="samples",
)
AVERAGE = Family(
    "retaind_average_score_lead",
    "gauge",
    "Average score of the main learner minus that of a companion, over the same tasks at the same evaluation.",
    ("learner",),
    unit="score",
)
FAMILIES = (WINDOW, WINDOW_SAMPLES, AVERAGE)


class LeadMetrics:
    """Shows whom the main learner can be compared with; whoever has had other events is absent."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def show(self, newest: Mapping[str, Lead], *, average: Mapping[str, AverageLead]) -> None:
        """Show exactly these, by the other's name: a few of the daemon's own."""
        with self._board.tell() as now:
            now.replace(WINDOW, {(name,): lead.lead for name, lead in newest.items()})
            now.replace(WINDOW_SAMPLES, {(name,): lead.rows for name, lead in newest.items()})
            now.replace(AVERAGE, {(name,): lead.lead for name, lead in average.items()})
