"""What was erased on request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.telemetry.metrics.family import Family

if TYPE_CHECKING:
    from daemon.telemetry.metrics.board import Board

ERASURES = Family("retaind_erasures_total", "counter", "Requests to erase keys that were carried out.")
ROWS = Family(
    "retaind_erased_rows_total",
    "counter",
    "Rows, labels, keys and dead letters that were erased with them.",
    unit="rows",
)
FAMILIES = (ERASURES, ROWS)


class ErasureMetrics:
    """Counts what the loop has erased."""

    def __init__(self, board: Board) -> None:
        self._board = board
        with board.tell() as now:
            now.add(ERASURES, 0)
            now.add(ROWS, 0)

    def erased(self, rows: int) -> None:
        """Count a request, and what went with it."""
        with self._board.tell() as now:
            now.add(ERASURES, 1)
            now.add(ROWS, rows)
