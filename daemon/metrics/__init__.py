"""Everything that ``/metrics`` shows. The loop tells it; the parts of the daemon never import it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.metrics import checkpoints, learning, loop, prequential, process, retention, stream, tasks
from daemon.metrics.board import Board

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

AREAS = (loop, stream, learning, prequential, retention, tasks, checkpoints, process)
"""The modules that declare ``FAMILIES``, in the order of ``docs/metrics.md``."""


class Metrics:
    """One attribute per area; each method of an area becomes visible to scrapes as one moment.

    Methods take plain values and may be called from any thread. The bounds are those of the labels; figures beyond
    them share ``__other__``. ``started_seconds`` is Unix time.
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
    ) -> None:
        board = Board(family for area in AREAS for family in area.FAMILIES)
        task_labels = board.labels("task", limit=max_tasks)
        self.loop = loop.LoopMetrics(board)
        self.stream = stream.StreamMetrics(board, max_partitions=max_partitions)
        self.learning = learning.LearningMetrics(board, tasks=task_labels, max_classes=max_classes)
        self.prequential = prequential.PrequentialMetrics(board, tasks=task_labels)
        self.retention = retention.RetentionMetrics(board, tasks=task_labels, max_boundaries=max_boundaries)
        self.tasks = tasks.TaskMetrics(board, tasks=task_labels)
        self.checkpoints = checkpoints.CheckpointMetrics(board)
        self.process = process.ProcessMetrics(
            board, version=version, torch_version=torch_version, started_seconds=started_seconds
        )
        registry.register(board)
