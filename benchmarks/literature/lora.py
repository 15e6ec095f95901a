"""A model that was good at digits learns clothing: in full or by low-rank corrections, with and without mixing."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from benchmarks.literature.configuration import merged, validated
from benchmarks.literature.data_files import data_file
from benchmarks.literature.image_stream import ImageStream, ImageTask
from benchmarks.literature.images import read_images
from benchmarks.literature.mnist_fashion import OFFSET, SCALE, MnistFashion
from benchmarks.literature.pretraining import Pretraining
from benchmarks.literature.protocol import Chunk, HeldOut, MethodSetting, Overrides, Protocol, Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from benchmarks.literature.outcome import Outcome

PASSES, BATCH = 4, 32
LOW_RANK = {"adapters": [{"type": "lora", "rank": 16}], "optimizer": {"lr": 0.05}}
IN_FULL = {"adapters": [], "optimizer": {"lr": 0.05}}
# Rows mixed in are a sample of all training images of digits; ``prepare`` says where these are.
REFERENCE = {
    "source": {"type": "file", "path": "(training images of MNIST)", "task": "mnist"},
    "rows": 9_000,
    "probe_share": 0.0,
    "storage": "uint4",
    "range": [OFFSET, 2.82156],
}
MIXING = {"strategies": [{"type": "mixing", "share": 0.5}]}


class Lora(Protocol):
    """A CNN pre-trained on MNIST, exported, then streamed Fashion-MNIST once, through the same ten outputs."""

    summary = (
        "A small CNN learns MNIST, is exported, and starts on a stream of Fashion-MNIST: one pass, ten outputs."
    )
    base: ClassVar[Overrides] = merged(MnistFashion.base, {"learner": {"batch": BATCH, "averaging": 0.99}}) | {
        "reference": REFERENCE
    }
    columns: ClassVar[Mapping[str, str]] = {
        "reference_before": "MNIST before, %",
        "reference_final": "MNIST at the end, %",
        "fashion_final": "Fashion at the end, %",
        "prequential_accuracy": "prequential, %",
        "memory_bytes": "memory, bytes",
        "events_per_second": "events/s",
    }
    settings: ClassVar[Mapping[str, MethodSetting]] = {
        "lora-mixing": MethodSetting(
            overrides=LOW_RANK | MIXING, note="rank 16; as many rows of before as new ones"
        ),
        "lora": MethodSetting(overrides=LOW_RANK, note="rank 16"),
        "full-mixing": MethodSetting(
            overrides=IN_FULL | MIXING, note="all weights; as many rows of before as new ones"
        ),
        "full": MethodSetting(overrides=IN_FULL, note="all weights"),
    }
    evaluation_rows = None

    def __init__(self) -> None:
        self._before = float("nan")

    def prepare(
        self, data: Path, folder: Path, *, seed: int, validate: bool, watch: Callable[[], None]
    ) -> Overrides:
        """Pre-train the model on MNIST, and say where it is and where the rows that it was good at are."""
        digits = _task(data, "mnist", validate=validate)
        weights = folder / "mnist.safetensors"
        passes = [_pass(digits, seed=seed * PASSES + number) for number in range(PASSES)]
        config = validated(_pretraining(len(digits.train), seed=seed), name="lora/pre-training")
        self._before = Pretraining(config, passes).export(weights, test=passes[0].held_out("mnist"), watch=watch)
        return {
            "model": {"pretrained": str(weights)},
            "reference": {"source": _images(data), "max_events": len(digits.train)},
        }

    def stream(self, data: Path, *, seed: int, validate: bool) -> Stream:
        """Return the stream of one seed: Fashion-MNIST, and held-out images of both."""
        return _AfterDigits(
            _pass(_task(data, "fashion_mnist", validate=validate), seed=seed),
            digits=_pass(_task(data, "mnist", validate=validate), seed=seed),
        )

    def extra_figures(self, outcome: Outcome) -> Mapping[str, float]:
        """Return MNIST's accuracy before the stream, and both accuracies at the end."""
        reference, fashion = outcome.final
        assert reference is not None
        assert fashion is not None
        return {"reference_before": self._before, "reference_final": reference, "fashion_final": fashion}


class _AfterDigits(Stream):
    """A stream that is also evaluated on what was learned before it."""

    before = ("mnist",)

    def __init__(self, clothing: ImageStream, *, digits: ImageStream) -> None:
        self._clothing = clothing
        self._digits = digits
        self.events = clothing.events

    def chunks(self) -> Iterator[Chunk]:
        """Yield the clothing's records."""
        yield from self._clothing.chunks()

    def held_out(self, task: str, *, rows: int | None = None) -> HeldOut:
        """Return the test images of either."""
        return (self._digits if task in self.before else self._clothing).held_out(task, rows=rows)


def _task(data: Path, folder: str, *, validate: bool) -> ImageTask:
    return ImageTask(folder, *read_images(data, folder, validate=validate))


def _pass(task: ImageTask, *, seed: int) -> ImageStream:
    return ImageStream([task], seed=seed, scale=SCALE, offset=OFFSET)


def _pretraining(images: int, *, seed: int) -> Overrides:
    """Return the configuration that digits are learned with: the rate falls to nothing along the passes."""
    schedule = {"type": "cosine", "steps": max(1, PASSES * images // BATCH)}
    learner = {"batch": BATCH}
    return merged(MnistFashion.base, {"optimizer": {"lr": 0.1, "schedule": schedule}, "learner": learner}) | {
        "seed": seed
    }


def _images(data: Path) -> Overrides:
    return {
        "path": str(data_file(data, "mnist", "train-images-idx3-ubyte.gz")),
        "labels": str(data_file(data, "mnist", "train-labels-idx1-ubyte.gz")),
    }
