"""Whether the state is durable, how old the durable one is and what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.telemetry.metrics.family import Family

if TYPE_CHECKING:
    from daemon.telemetry.metrics.board import Board

GENERATION = Family("retaind_checkpoint_generation", "gauge", "Number of the newest durable checkpoint generation.")
SUCCEEDED = Family(
    "retaind_checkpoint_last_success_timestamp_seconds",
    "gauge",
    "When a checkpoint last became durable.",
    unit="seconds",
)
DURATION = Family(
    "retaind_checkpoint_last_duration_seconds",
    "gauge",
    "Duration of the last checkpoint, from the copy of the state to the rename.",
    unit="seconds",
)
SIZE = Family("retaind_checkpoint_bytes", "gauge", "Size of the newest durable checkpoint.", unit="bytes")
WRITTEN = Family("retaind_checkpoints_total", "counter", "Checkpoints that became durable.")
FAILED = Family("retaind_checkpoint_failures_total", "counter", "Checkpoints that could not be written.")
FAMILIES = (GENERATION, SUCCEEDED, DURATION, SIZE, WRITTEN, FAILED)


class CheckpointMetrics:
    """Shows the checkpoints; told by the loop or by the writer's thread."""

    def __init__(self, board: Board) -> None:
        self._board = board
        with board.tell() as now:
            now.add(WRITTEN, 0)
            now.add(FAILED, 0)

    def restored(self, generation: int, *, size_bytes: int, saved_seconds: float) -> None:
        """Show the checkpoint that the process started from, and the Unix time at which it was saved."""
        with self._board.tell() as now:
            now.set(GENERATION, generation)
            now.set(SIZE, size_bytes)
            now.set(SUCCEEDED, saved_seconds)

    def written(self, generation: int, *, size_bytes: int, duration_seconds: float, at_seconds: float) -> None:
        """Count a checkpoint that is durable since ``at_seconds`` (Unix time)."""
        with self._board.tell() as now:
            now.add(WRITTEN, 1)
            now.set(GENERATION, generation)
            now.set(SIZE, size_bytes)
            now.set(DURATION, duration_seconds)
            now.set(SUCCEEDED, at_seconds)

    def failed(self) -> None:
        """Count a checkpoint that could not be written."""
        with self._board.tell() as now:
            now.add(FAILED, 1)
