"""Who is believed: the weights of the committee."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.telemetry.metrics.family import Family

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.telemetry.metrics.board import Board

WEIGHT = Family(
    "retaind_committee_weight",
    "gauge",
    "How much each learner of the committee is believed now; all together are 1.",
    ("learner",),
)
FAMILIES = (WEIGHT,)


class CommitteeMetrics:
    """Shows the weights as they are in the state, so they continue across restarts."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def weights(self, weights: Mapping[str, float]) -> None:
        """Show exactly these learners, by name; the names are the committee's own, and so few."""
        with self._board.tell() as now:
            now.replace(WEIGHT, {(name,): weight for name, weight in weights.items()})
