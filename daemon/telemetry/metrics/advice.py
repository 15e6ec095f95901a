"""Whether the published answers are below a reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.telemetry.metrics.family import Family

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.telemetry.metrics.board import Board

BELOW = Family(
    "retaind_below_reference",
    "gauge",
    "1 where the published answers have been below a reference for ten windows in a row, until ten are not.",
    ("reference",),
)
FAMILIES = (BELOW,)


class AdviceMetrics:
    """Shows the references that there are; a process judges anew, so nothing is shown before its first window."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def below(self, references: Mapping[str, bool]) -> None:
        """Show exactly these, by name: a few of the daemon's own."""
        with self._board.tell() as now:
            now.replace(BELOW, {(name,): float(is_below) for name, is_below in references.items()})
