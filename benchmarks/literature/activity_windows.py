"""The raw windows of UCI HAR: a phone at the waist of thirty people, six activities."""

from __future__ import annotations

import zipfile
import zlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from benchmarks.literature.data_files import DamagedDataError, data_file

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

CHANNELS, LENGTH = 9, 128


class ActivityWindows(NamedTuple):
    """Windows of 2.56 seconds, person by person in time order."""

    x: NDArray[np.float32]
    """``(windows, 9 * 128)``: channel by channel."""
    y: NDArray[np.int64]
    """``(windows,)``: walking, upstairs, downstairs, sitting, standing, lying; 0 to 5."""
    person: NDArray[np.int64]
    """``(windows,)``."""
    overlaps: NDArray[np.bool_]
    """``(windows,)``: whether the first half of the window is the second half of the one before."""


def read_activity_windows(data: Path) -> ActivityWindows:
    """Return all windows; raise ``MissingDataError``, or ``DamagedDataError`` where the file is not what it was."""
    path = data_file(data, "uci_har", "uci_har_inertial_ordered.npz")
    try:
        # numpy refuses pickled columns; by itself it would leave a file open that is no archive.
        with path.open("rb") as file, np.load(file) as columns:
            x = columns["x"].astype(np.float32).reshape(-1, CHANNELS * LENGTH)
            y, person, overlaps = columns["y"], columns["subject"], columns["contiguous"]
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DamagedDataError(f"{path} cannot be read: {error}; load it anew") from error
    return ActivityWindows(x, y.astype(np.int64), person.astype(np.int64), overlaps.astype(np.bool_))
