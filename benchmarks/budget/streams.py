"""Three streams of images that cost a task what it knew: too small a buffer, wrong labels, another world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.literature.data_files import UNSIGNED_BYTE, data_file, read_idx

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

EARLIER, LATER = "earlier", "later"
FIRST = 12_000
"""Events of the task that is to be kept."""
POISONED = 5_000


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some images under the name of a task."""

    task: str
    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class BudgetStream:
    """A stream, and how it is learned."""

    summary: str
    make: Callable[[Path], Sequence[Stretch]]
    rows: int
    """Of the buffer."""
    accept_after: int | None


def clothing_after_digits(data: Path) -> Sequence[Stretch]:
    """Return digits, then clothing for twice as long."""
    return [_some(data, "mnist", EARLIER, FIRST), _some(data, "fashion_mnist", LATER, 2 * FIRST)]


def wrong_labels(data: Path) -> Sequence[Stretch]:
    """Return digits, clothing, 5,000 digits with wrong labels among the clothing, and clothing again."""
    clothing = _some(data, "fashion_mnist", LATER, 2 * FIRST)
    before, after = slice(FIRST // 2), slice(FIRST // 2, None)
    return [
        _some(data, "mnist", EARLIER, FIRST),
        Stretch(LATER, clothing.images[before], clothing.labels[before]),
        _otherwise(_some(data, "mnist", LATER, POISONED, first=FIRST)),
        Stretch(LATER, clothing.images[after], clothing.labels[after]),
    ]


def another_world(data: Path) -> Sequence[Stretch]:
    """Return digits, and then digits that have other labels for good."""
    return [
        _some(data, "mnist", EARLIER, FIRST),
        _otherwise(_some(data, "mnist", LATER, 3 * FIRST, first=FIRST)),
    ]


STREAMS = {
    "small-buffer": BudgetStream(
        "digits, then clothing, 60 rows of buffer", clothing_after_digits, rows=60, accept_after=None
    ),
    "poison": BudgetStream(
        "5,000 wrong labels in mid-stream, 2,000 rows of buffer", wrong_labels, rows=2_000, accept_after=100_000
    ),
    "new-world": BudgetStream(
        "all labels change for good, 500 rows of buffer", another_world, rows=500, accept_after=FIRST
    ),
}


def write_stretch(stretch: Stretch, folder: Path, number: int) -> dict[str, str]:
    """Write a stretch as a pair of IDX files; return the entry of a file source that reads it."""
    images, labels = folder / f"{number}-idx3-ubyte", folder / f"{number}-labels-idx1-ubyte"
    images.write_bytes(_idx(stretch.images))
    labels.write_bytes(_idx(stretch.labels))
    return {"path": str(images), "labels": str(labels), "task": stretch.task}


def _some(data: Path, folder: str, task: str, count: int, *, first: int = 0) -> Stretch:
    images = read_idx(data_file(data, folder, "train-images-idx3-ubyte.gz"))
    labels = read_idx(data_file(data, folder, "train-labels-idx1-ubyte.gz"))
    return Stretch(task, images[first : first + count], labels[first : first + count])


def _otherwise(stretch: Stretch) -> Stretch:
    """Return the same with other labels: 9 for 0, 8 for 1 and so on."""
    return Stretch(stretch.task, stretch.images, 9 - stretch.labels)


def _idx(values: NDArray[np.uint8]) -> bytes:
    shape = b"".join(size.to_bytes(4, "big") for size in values.shape)
    return bytes([0, 0, UNSIGNED_BYTE, values.ndim]) + shape + values.tobytes()
