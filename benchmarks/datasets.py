"""Public data sets as streams of messages, read from a folder that the user names.

None of them comes with the project. Each function yields ``Message`` in the order of the stream and raises
``MissingDataError`` where a file is not in the folder.
"""

from __future__ import annotations

import csv
import gzip
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import orjson

from daemon.bench.data_files import data_file, read_idx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HALF_HOUR_MS = 1_800_000
TRAILING_HOURS = 480
"""Twenty trading days: what an hour's movement is compared with."""


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
    start = int(datetime(1996, 5, 7, tzinfo=UTC).timestamp() * 1000)
    with gzip.open(data_file(data, "elec2", "elec.csv.gz"), "rt", encoding="utf-8") as lines:
        for number, row in enumerate(csv.DictReader(lines)):
            label = "UP" if row.pop("class") == "1" else "DOWN"
            event = {name: float(value) for name, value in row.items()} | {"class": label}
            yield Message(orjson.dumps(event), timestamp_ms=start + number * HALF_HOUR_MS)


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
    bars = [bar for name in ("USDCHF", "USDJPY", "XAUUSD") for bar in _fx_bars(data, name)]
    for timestamp_ms, instrument, event in sorted(bars, key=lambda bar: (bar[0], bar[1])):
        yield Message(orjson.dumps(event), key=instrument.encode(), timestamp_ms=timestamp_ms)


DATASETS: dict[str, tuple[Callable[[Path], Iterator[Message]], int]] = {
    "elec2": (elec2, 45_312),
    "mnist-fashion": (mnist_fashion, 120_000),
    "fx": (fx, 171_000),
}
"""Name → the stream, and about how many messages it has."""


def _fx_bars(data: Path, name: str) -> Iterator[tuple[int, str, dict[str, float | str]]]:
    trailing: deque[float] = deque(maxlen=TRAILING_HOURS)
    with gzip.open(data_file(data, "fx_hourly", f"{name}h1.csv.gz"), "rt", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    for row, following in pairwise(rows):
        move = float(np.log(float(following["close"]) / float(row["close"])))
        if len(trailing) == TRAILING_HOURS:
            opened = datetime.fromisoformat(row["Date"]).replace(tzinfo=UTC)
            low, high, close = float(row["low"]), float(row["high"]), float(row["close"])
            event: dict[str, float | str] = {
                "instrument": name,
                "range": 1e4 * float(np.log(high / low)),
                "body": 1e4 * float(np.log(close / float(row["open"]))),
                "volume": float(np.log1p(float(row["tick_volume"]))),
                "usual": 1e4 * median(trailing),
                "next_hour": "lively" if abs(move) > median(trailing) else "calm",
            }
            yield int(opened.timestamp() * 1000), name, event
        trailing.append(abs(move))
