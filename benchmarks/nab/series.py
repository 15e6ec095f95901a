"""The files of the Numenta Anomaly Benchmark, with the windows in which something is known to be wrong."""

from __future__ import annotations

import csv
import gzip
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Series:
    """One file."""

    group: str
    """The folder that it is in, such as realKnownCause."""
    name: str
    times: NDArray[np.float64]
    """``(rows,)``: seconds since 1970."""
    values: NDArray[np.float64]
    """``(rows,)``"""
    windows: Sequence[tuple[int, int]]
    """First and last row of each."""


def read_series(folder: Path) -> list[Series]:
    """Return what the folder has: all of a checkout of numenta/NAB, or some files in gzip beside the windows.

    Raises ``OSError`` where there are no windows, or no series.
    """
    labels = next((path for path in _labels(folder) if path.exists()), folder / "combined_windows.json")
    windows = json.loads(labels.read_text(encoding="utf-8"))
    found = [_series(path, named, windows[named]) for named in sorted(windows) for path in _paths(folder, named)]
    if not found:
        raise FileNotFoundError(f"{folder} has none of the series that {labels} names")
    return found


def seconds(text: str) -> float:
    """Return a time of a file in seconds since 1970."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def _labels(folder: Path) -> Sequence[Path]:
    return (folder / "combined_windows.json", folder / "labels" / "combined_windows.json")


def _paths(folder: Path, named: str) -> list[Path]:
    places = (folder / "data" / named, folder / f"{named.rsplit('/', maxsplit=1)[-1]}.gz")
    return [path for path in places if path.exists()][:1]


def _series(path: Path, named: str, windows: Sequence[tuple[str, str]]) -> Series:
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    times = np.array([seconds(row["timestamp"]) for row in rows])
    group, _, name = named.removesuffix(".csv").partition("/")
    ends = [(int(np.searchsorted(times, seconds(a))), int(np.searchsorted(times, seconds(b)))) for a, b in windows]
    return Series(group, name, times, np.array([float(row["value"]) for row in rows]), ends)
