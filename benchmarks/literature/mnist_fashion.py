"""Digits, then clothing, through the same ten outputs: the classic demonstration of forgetting."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from benchmarks.literature.image_stream import ImageStream, ImageTask
from benchmarks.literature.images import read_images
from benchmarks.literature.protocol import MethodSetting, Overrides, Protocol, Published

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from benchmarks.literature.outcome import Outcome

# (pixel / 255 - 0.1307) / 0.3081: about zero mean and unit deviation.
SCALE, OFFSET = 0.0127285, -0.42421
DEMONSTRATION = Published("MNIST 99.2 → 33.9, Fashion 91.1", "a demonstration with several epochs and a small CNN")
REPLAY = {"type": "replay", "rows": 1200, "batch": 64, "storage": "uint8", "range": [OFFSET, 2.82156]}
EWC = {"type": "ewc", "strength": 100, "every_events": None}
# In the bytes of 1,200 float32 images; α, β and the average's decay were chosen by ``--validate`` on one seed.
COMPACT = {
    "type": "derpp",
    "bytes": 1200 * 784 * 4,
    "storage": "uint4",
    "range": [OFFSET, 2.82156],
    "batch": 64,
    "alpha": 0.3,
    "beta": 1.0,
}


class MnistFashion(Protocol):
    """MNIST, then Fashion-MNIST, one pass of each; the configuration of ``examples/mnist-fashion.yaml``."""

    summary = "MNIST, then Fashion-MNIST, 60,000 images each, the same ten outputs, a small CNN, one pass."
    base: ClassVar[Overrides] = {
        "decoder": {
            "type": "raw",
            "dtype": "uint8",
            "shape": [1, 28, 28],
            "scale": SCALE,
            "offset": OFFSET,
            "label": "label",
            "task": "task",
        },
        "label": {"classes": [str(label) for label in range(10)]},
        "tasks": {"type": "field"},
        "model": {"type": "cnn", "shape": [1, 28, 28], "channels": [32, 64], "hidden": 128},
        "optimizer": {"type": "sgd", "lr": 0.1},
        "learner": {"batch": 32, "standardise": False},
        "strategies": [],
        "retention": {"probe_share": 0.0, "min_segment_events": 1, "every_events": 1_000_000},
    }
    columns: ClassVar[Mapping[str, str]] = {
        "mnist_learned": "MNIST after MNIST, %",
        "mnist_final": "MNIST at the end, %",
        "fashion_final": "Fashion at the end, %",
        "backward_transfer": "backward transfer",
        "prequential_accuracy": "prequential, %",
        "memory_bytes": "memory, bytes",
        "events_per_second": "events/s",
    }
    settings: ClassVar[Mapping[str, MethodSetting]] = {
        "naive": MethodSetting(published=DEMONSTRATION),
        "replay-ewc": MethodSetting(
            overrides={"learner": {"averaging": 0.99}, "strategies": [REPLAY, EWC]},
            note="the example: 1,200 rows, a byte a pixel; averaged weights",
        ),
        "compact": MethodSetting(
            overrides={"learner": {"averaging": 0.99}, "strategies": [COMPACT]},
            note="DER++, half a byte a pixel, 3,763,200 bytes in all; averaged weights",
        ),
    }
    evaluation_rows = None

    def stream(self, data: Path, *, seed: int, validate: bool) -> ImageStream:
        """Return the stream of one seed, which decides the order of the images within each task."""
        tasks = [
            ImageTask(name, *read_images(data, folder, validate=validate))
            for name, folder in (("mnist", "mnist"), ("fashion", "fashion_mnist"))
        ]
        return ImageStream(tasks, seed=seed, scale=SCALE, offset=OFFSET)

    def extra_figures(self, outcome: Outcome) -> Mapping[str, float]:
        """Return MNIST's accuracy when it was just learned, and both accuracies at the end."""
        mnist, fashion = outcome.final
        learned = outcome.matrix[0][0]
        assert learned is not None
        assert mnist is not None
        assert fashion is not None
        return {"mnist_learned": learned, "mnist_final": mnist, "fashion_final": fashion}
