"""Labelled images of the MNIST family: 28 by 28 bytes, ten classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.literature.data_files import data_file, read_idx

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

HELD_BACK = 10_000
"""Training images that are validated on; those of a smaller file are held back in the same proportion."""
TRAINING_IMAGES = 60_000


@dataclass(frozen=True, slots=True)
class Images:
    """Images with their classes."""

    x: NDArray[np.uint8]
    """``(images, 784)``."""
    y: NDArray[np.int64]
    """``(images,)``: 0 to 9."""

    def of(self, classes: tuple[int, ...]) -> Images:
        """Return the images of these classes, in their order."""
        chosen = np.isin(self.y, classes)
        return Images(self.x[chosen], self.y[chosen])

    def __getitem__(self, rows: slice) -> Images:
        return Images(self.x[rows], self.y[rows])

    def __len__(self) -> int:
        return len(self.y)


def read_images(data: Path, folder: str, *, validate: bool) -> tuple[Images, Images]:
    """Return the images to train and to test on.

    The latter are the test images; or, to ``validate``, the last sixth of the training images, which are then not
    trained on. Raises ``DataFileError``.
    """
    train = _read(data, folder, "train")
    if not validate:
        return train, _read(data, folder, "t10k")
    start = len(train) - len(train) * HELD_BACK // TRAINING_IMAGES
    return train[:start], train[start:]


def _read(data: Path, folder: str, part: str) -> Images:
    x = read_idx(data_file(data, folder, f"{part}-images-idx3-ubyte.gz"))
    y = read_idx(data_file(data, folder, f"{part}-labels-idx1-ubyte.gz"))
    return Images(x.reshape(len(x), -1), y.astype(np.int64))
