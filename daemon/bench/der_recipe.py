"""What permuted, rotated and sequential MNIST have in common in the DER paper.

Buzzega et al. 2020, Dark experience for general continual learning (arXiv 2004.07211), and the settings of its code
(aimagelab/mammoth): one epoch, plain SGD, an MLP with two hidden layers of 100, pixels from 0 to 1, the reservoir
filled after each step. Two things are as the daemon does them: rows are drawn from memory with replacement, and
weights begin as torch makes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.bench.protocol import Published

if TYPE_CHECKING:
    from daemon.bench.protocol import Overrides

SCALE = 1 / 255
SOURCE = "Buzzega et al. 2020"
COLUMNS = {
    "final_accuracy": "accuracy, %",
    "backward_transfer": "backward transfer",
    "forgetting": "forgetting",
    "learning_accuracy": "when just learned, %",
    "prequential_accuracy": "prequential, %",
    "memory_bytes": "memory, bytes",
    "events_per_second": "events/s",
}
FLOAT32_ROW_BYTES = 784 * 4


def base(*, batch: int, lr: float) -> Overrides:
    """Return the configuration that the settings are laid over."""
    return {
        "decoder": {
            "type": "raw",
            "dtype": "uint8",
            "shape": [784],
            "scale": SCALE,
            "label": "label",
            "task": "task",
        },
        "label": {"classes": [str(digit) for digit in range(10)]},
        "tasks": {"type": "field"},
        "model": {"type": "mlp", "hidden": [100, 100]},
        "optimizer": {"type": "sgd", "lr": lr},
        "learner": {"batch": batch, "standardise": False},
        "strategies": [],
        # All training images are trained on: the test images are the probes.
        "retention": {"probe_share": 0.0, "min_segment_events": 1, "every_events": 1_000_000},
    }


def replay(rows: int, *, batch: int) -> dict[str, Any]:
    """Return experience replay of so many float32 rows, as the paper counts its memory."""
    return {"type": "replay", "rows": rows, "batch": batch}


def compact_replay(rows: int, *, batch: int) -> dict[str, Any]:
    """Return experience replay in the bytes of so many float32 images: all that a row takes is counted."""
    return {"type": "replay", "bytes": budget(rows), "storage": "uint8", "batch": batch}


def budget(rows: int) -> int:
    """Return the bytes that the pixels alone of so many float32 images take."""
    return rows * FLOAT32_ROW_BYTES


def published(figure: str) -> Published:
    """Return a figure of the paper."""
    return Published(figure, SOURCE)
