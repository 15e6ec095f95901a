"""What was asked over HTTP, how it was answered, and how old the model is that answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.telemetry.metrics.family import Distribution, Family

if TYPE_CHECKING:
    from daemon.telemetry.metrics.board import Board

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)

REQUESTS = Family(
    "retaind_inference_requests_total",
    "counter",
    "Inference requests by HTTP status of the answer; absent where serving is off.",
    ("status",),
    unit="requests",
)
ROWS = Family("retaind_inference_rows_total", "counter", "Rows predicted for whoever asked.", unit="rows")
SECONDS = Family(
    "retaind_inference_seconds",
    "histogram",
    "Time from an inference request to its answer, until its body is there included.",
    unit="seconds",
)
COPIED = Family(
    "retaind_serving_snapshot_timestamp_seconds",
    "gauge",
    "When the copy of the model was made that requests are answered from.",
    unit="seconds",
)
EVENTS = Family(
    "retaind_serving_snapshot_events", "gauge", "Events that this copy had predicted by then.", unit="events"
)
FAMILIES = (REQUESTS, ROWS, SECONDS, COPIED, EVENTS)


class ServingMetrics:
    """Shows inference; nothing of it before it has begun."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def begin(self) -> None:
        """Show that requests are taken."""
        with self._board.tell() as now:
            now.add(REQUESTS, 0, "200")
            now.add(ROWS, 0)
            now.start(SECONDS, Distribution.empty(BOUNDS))

    def answered(self, status: int, *, rows: int, seconds: float) -> None:
        """Count a request."""
        with self._board.tell() as now:
            now.add(REQUESTS, 1, str(status))
            now.add(ROWS, rows)
            now.observe(SECONDS, seconds)

    def copied(self, *, events: int, at_seconds: float) -> None:
        """Show the copy that answers from now on."""
        with self._board.tell() as now:
            now.set(COPIED, at_seconds)
            now.set(EVENTS, events)
