"""How many events were odd, and how many anomalies that were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.telemetry.metrics.family import Family

if TYPE_CHECKING:
    from daemon.scoring.anomalies import AnomalyCounts
    from daemon.telemetry.metrics.board import Board

ANOMALIES = Family(
    "retaind_anomalies_total",
    "counter",
    "Anomalies that began, in all runs: odd events after a quiet while; absent without anomalies.",
    unit="anomalies",
)
ODD = Family(
    "retaind_anomaly_odd_events_total", "counter", "Events beyond the threshold, in all runs.", unit="events"
)
SCORED = Family(
    "retaind_anomaly_scored_events_total",
    "counter",
    "Events of which it was told how odd they are, in all runs.",
    unit="events",
)
LAST = Family(
    "retaind_anomaly_last_detected_timestamp_seconds",
    "gauge",
    "When the newest anomaly began, by this process.",
    unit="seconds",
)
FAMILIES = (ANOMALIES, ODD, SCORED, LAST)


class AnomalyMetrics:
    """Shows the counts where anomalies are asked for, and nothing where they are not."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def show(self, counts: AnomalyCounts, *, detected_seconds: float | None) -> None:
        """Show how many there were."""
        with self._board.tell() as now:
            now.set(ANOMALIES, counts.anomalies)
            now.set(ODD, counts.odd)
            now.set(SCORED, counts.scored)
            now.set(LAST, detected_seconds)
