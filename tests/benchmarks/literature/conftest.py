from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.literature.hourly_bars import INSTRUMENTS
from tests.benchmarks.literature.stream_files import bars, write_bars, write_electricity, write_gas, write_har

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

TRAIN, TEST = 240, 60


def write_idx(path: Path, array: NDArray[np.uint8]) -> None:
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    path.write_bytes(gzip.compress(bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()))


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders as those of MNIST and Fashion-MNIST, with a few images that show their class by a bright row."""
    data = tmp_path_factory.mktemp("data")
    for seed, folder in enumerate(("mnist", "fashion_mnist")):
        (data / folder).mkdir()
        chance = np.random.default_rng(seed)
        for part, count in (("train", TRAIN), ("t10k", TEST)):
            labels = np.arange(count, dtype=np.uint8) % 10
            images = chance.integers(0, 100, size=(count, 28, 28), dtype=np.uint8)
            images[np.arange(count), 2 * labels + 4 * seed] = 255
            write_idx(data / folder / f"{part}-images-idx3-ubyte.gz", images)
            write_idx(data / folder / f"{part}-labels-idx1-ubyte.gz", labels)
    return data


@pytest.fixture(scope="session")
def streams(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders as those of the four streams, each with a few rows."""
    data = tmp_path_factory.mktemp("streams")
    for write in (write_gas, write_har, write_electricity):
        write(data)
    for seed, instrument in enumerate(INSTRUMENTS):
        write_bars(data, instrument, bars(seed=seed))
    return data
