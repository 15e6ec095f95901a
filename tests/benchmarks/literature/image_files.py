"""Small files in the form of the MNIST family's."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

TRAIN, TEST = 240, 60


def write_idx(path: Path, array: NDArray[np.uint8]) -> None:
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    path.write_bytes(gzip.compress(bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()))


def write_images(data: Path, folder: str, *, seed: int) -> None:
    """A few images that show their class by a bright row."""
    (data / folder).mkdir()
    generator = np.random.default_rng(seed)
    for part, count in (("train", TRAIN), ("t10k", TEST)):
        labels = np.arange(count, dtype=np.uint8) % 10
        images = generator.integers(0, 100, size=(count, 28, 28), dtype=np.uint8)
        images[np.arange(count), 2 * labels + 4 * seed] = 255
        write_idx(data / folder / f"{part}-images-idx3-ubyte.gz", images)
        write_idx(data / folder / f"{part}-labels-idx1-ubyte.gz", labels)
