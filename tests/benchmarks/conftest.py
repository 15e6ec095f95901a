from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.literature.hourly_bars import INSTRUMENTS
from tests.benchmarks.literature.image_files import write_images
from tests.benchmarks.literature.stream_files import bars, write_bars, write_electricity, write_gas, write_har

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders as those of MNIST and Fashion-MNIST, with a few images each."""
    data = tmp_path_factory.mktemp("data")
    for seed, folder in enumerate(("mnist", "fashion_mnist")):
        write_images(data, folder, seed=seed)
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
