"""Everything that ``/metrics`` shows. The loop tells it; the parts of the daemon never import it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.telemetry.metrics import (
    advice,
    age,
    anomalies,
    budget,
    categories,
    checkpoints,
    committee,
    erasures,
    estimate,
    http,
    intervals,
    labels,
    lead,
    loop,
    plasticity,
    prequential,
    process,
    retention,
    serving,
    strategies,
    stream,
    tasks,
)
from daemon.telemetry.metrics.board import Board
from daemon.telemetry.metrics.bounded_labels import printable
from daemon.telemetry.metrics.target import TargetMetrics, WorkingTargetMetrics

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

AREAS = (
    loop,
    stream,
    labels,
    estimate,
    categories,
    strategies,
    plasticity,
    prequential,
    committee,
    intervals,
    anomalies,
    retention,
    budget,
    age,
    lead,
    advice,
    tasks,
    checkpoints,
    erasures,
    serving,
    http,
    process,
)
"""The modules that declare ``FAMILIES``, in the order of ``docs/metrics.md``."""


class Metrics(TargetMetrics):
    """One attribute per area; each method of an area becomes visible to scrapes as one moment.

    Methods take plain values and may be called from any thread. The bounds are those of the labels; figures beyond
    them share ``__other__``. ``started_seconds`` is Unix time. ``alone`` is false where there are several targets.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        *,
        version: str,
        torch_version: str,
        started_seconds: float,
        max_tasks: int = 32,
        max_classes: int = 32,
        max_partitions: int = 64,
        max_boundaries: int = 64,
        alone: bool = True,
    ) -> None:
        board = _board()
        super().__init__(board, max_tasks=max_tasks, max_classes=max_classes, max_boundaries=max_boundaries)
        self.loop = loop.LoopMetrics(board, alone=alone)
        self.stream = stream.StreamMetrics(board, max_partitions=max_partitions)
        self.checkpoints = checkpoints.CheckpointMetrics(board)
        self.erasures = erasures.ErasureMetrics(board)
        self.serving = serving.ServingMetrics(board)
        self.front = http.FrontRestarts(board)
        self.process = process.ProcessMetrics(
            board, version=version, torch_version=torch_version, started_seconds=started_seconds
        )
        registry.register(self.learners)

    def of_target(self, target: str) -> WorkingTargetMetrics:
        """Return the areas of one of several targets; its series carry the label ``target``."""
        board = _board()
        metrics = WorkingTargetMetrics(board, **self._bounds)
        self.learners.add_target(printable(target), metrics.learners)
        return metrics


def _board() -> Board:
    return Board(family for area in AREAS for family in area.FAMILIES)
