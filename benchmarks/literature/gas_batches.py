"""The batches of the gas sensor drift set: 16 sensors, eight figures of each, six gases, 36 months."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from benchmarks.literature.data_files import DamagedDataError, data_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

FEATURES = 128
NUMBERS = (1, 2, 3, 4, 5, 6, 8, 9)
"""Eight of the ten batches, so that every figure is of the same rows: 7 and 10 are not everywhere to be had."""


class GasBatch(NamedTuple):
    """What was measured in a few months, sorted by gas."""

    number: int
    """1 to 10."""
    x: NDArray[np.float32]
    """``(rows, 128)``."""
    y: NDArray[np.int64]
    """``(rows,)``: the gas, 0 to 5."""


def read_gas_batches(data: Path) -> list[GasBatch]:
    """Return the batches in their order.

    Raises ``MissingDataError``, or ``DamagedDataError`` where a file is not what it should be.
    """
    return [_batch(data_file(data, "gas_drift_partial", f"batch{number}.dat.gz"), number) for number in NUMBERS]


def _batch(path: Path, number: int) -> GasBatch:
    try:
        with gzip.open(path, "rt", encoding="ascii") as lines:
            rows = list(_rows(lines))
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise DamagedDataError(f"{path} cannot be read: {error}; load it anew") from error
    y, x = (np.array(column) for column in zip(*rows, strict=True))
    return GasBatch(number, x.astype(np.float32), y.astype(np.int64))


def _rows(lines: Iterator[str]) -> Iterator[tuple[int, list[float]]]:
    """Yield label and features of lines such as ``1;10.000000 1:15596.162100 2:1.868245 … 128:-2.119``."""
    for line in lines:
        head, *cells = line.split()
        values = [float(cell.partition(":")[2]) for cell in cells]
        if len(values) != FEATURES:
            raise ValueError(f"a line has {len(values)} features instead of {FEATURES}")
        yield int(head.partition(";")[0]) - 1, values
