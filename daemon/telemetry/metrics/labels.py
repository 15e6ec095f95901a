"""Labels that come later than their events: what waits, what has come of it, and how late labels are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.telemetry.metrics.family import Distribution, Family

if TYPE_CHECKING:
    from daemon.learning.snapshot import LaterSnapshot
    from daemon.telemetry.metrics.board import Board

WAITING = Family("retaind_waiting_rows", "gauge", "Events that wait for their label.", unit="rows")
WAITING_BYTES = Family("retaind_waiting_bytes", "gauge", "Memory that waiting events take.", unit="bytes")
EARLY = Family("retaind_early_labels", "gauge", "Labels that wait for their event.", unit="labels")
OUTCOMES = Family(
    "retaind_labels_total",
    "counter",
    "What has come of labels, and of events that waited for one, in all runs: learned, expired, and so on.",
    ("outcome",),
    unit="labels",
)
DELAY = Family(
    "retaind_label_delay_seconds",
    "histogram",
    "Event time between an event and its label, in all runs.",
    unit="seconds",
)
SCORE = Family(
    "retaind_label_delay_score",
    "gauge",
    "Prequential score of what was published, by the delay of the label: at most so many seconds, more than the"
    " bound before.",
    ("delay",),
    unit="score",
)
FAMILIES = (WAITING, WAITING_BYTES, EARLY, OUTCOMES, DELAY, SCORE)


class LabelMetrics:
    """Shows all of it where labels come later, and nothing where they are in their events."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def show(self, later: LaterSnapshot) -> None:
        """Show how labels stand."""
        with self._board.tell() as now:
            now.set(WAITING, later.unlabelled)
            now.set(WAITING_BYTES, later.bytes)
            now.set(EARLY, later.early)
            now.replace(OUTCOMES, {(name,): count for name, count in later.outcomes.items()})
            if later.delay_counts:
                now.start(DELAY, Distribution(later.delay_bounds, later.delay_counts, later.delay_seconds))
            now.replace(SCORE, {(name,): score.retention_score for name, score in later.by_delay.items()})
