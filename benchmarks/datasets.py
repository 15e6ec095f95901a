"""Public data sets as streams of messages, read from a folder that the user names.

None of them comes with the project. Each function yields ``Message`` in the order of the stream and raises
``MissingDataError`` where a file is not in the folder.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson

from benchmarks.literature.data_files import data_file, read_idx
from benchmarks.literature.electricity_market import read_electricity
from benchmarks.literature.hourly_bars import INSTRUMENTS, read_bars

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Message:
    """What is produced to Kafka."""

    value: bytes
    key: bytes | None = None
    timestamp_ms: int | None = None
    headers: list[tuple[str, bytes]] = field(default_factory=list)


def elec2(data: Path) -> Iterator[Message]:
    """Yield 45,312 half-hours of the New South Wales electricity market (Harries 1999), price UP or DOWN.

    The event time is counted from 7 May 1996, when the recording began.
    """
    for record in read_electricity(data):
        yield Message(record.value or b"", timestamp_ms=record.timestamp)


def mnist_fashion(data: Path) -> Iterator[Message]:
    """Yield the training images of MNIST (LeCun et al. 1998), then of Fashion-MNIST (Xiao et al. 2017).

    There are 60,000 of each. A message is 784 bytes; label and task are headers. Both tasks share the ten labels.
    """
    for task, folder in (("mnist", "mnist"), ("fashion", "fashion_mnist")):
        images = read_idx(data_file(data, folder, "train-images-idx3-ubyte.gz"))
        labels = read_idx(data_file(data, folder, "train-labels-idx1-ubyte.gz"))
        for image, label in zip(images, labels, strict=True):
            headers = [("label", str(label).encode()), ("task", task.encode())]
            yield Message(image.tobytes(), headers=headers)


def fx(data: Path) -> Iterator[Message]:
    """Yield hourly bars of two currency pairs and gold, in time order, 2012 to 2022.

    The label is whether the next hour's absolute return is above its median over the trailing 480 hours; it is
    joined here because it is known one hour later.
    """
    bars = [bar for name in INSTRUMENTS for bar in read_bars(data, name)]
    for bar in sorted(bars, key=lambda bar: (bar.time_ms, bar.instrument)):
        yield Message(orjson.dumps(bar.event), key=bar.instrument.encode(), timestamp_ms=bar.time_ms)


DATASETS: dict[str, tuple[Callable[[Path], Iterator[Message]], int]] = {
    "elec2": (elec2, 45_312),
    "mnist-fashion": (mnist_fashion, 120_000),
    "fx": (fx, 171_000),
}
"""Name → the stream, and about how many messages it has."""
