"""Public data sets in a folder that the user names; none of them comes with retaind."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

UNSIGNED_BYTE = 8
ORIGINS = {
    "mnist": "MNIST (LeCun, Cortes and Burges 1998), the four files of its site as they are",
    "fashion_mnist": "Fashion-MNIST (Xiao, Rasul and Vollgraf 2017, Zalando Research), the same four names",
    "elec2": "Electricity (Harries 1999), elec.csv of scikit-multiflow's streaming-datasets, in gzip",
    "fx_hourly": "hourly bars of ejtraderLabs/historical-data, in gzip",
    "gas_drift_partial": "Gas Sensor Array Drift (Vergara et al. 2012, UCI), batch1.dat and so on, in gzip",
    "uci_har": "Human Activity Recognition Using Smartphones (Anguita et al. 2013, UCI), as one .npz",
}
"""Folder → what belongs into it."""


class DataFileError(Exception):
    """A file of a data set cannot be used; the message says which, and what to do."""


class MissingDataError(DataFileError):
    """It is not where it is looked for."""


class DamagedDataError(DataFileError):
    """It is not what its name says."""


def data_file(data: Path, folder: str, name: str) -> Path:
    """Return ``data/folder/name``; raise ``MissingDataError`` where there is no such file."""
    path = data / folder / name
    if not path.is_file():
        raise MissingDataError(
            f"{path} is missing; into {folder}/ belongs {ORIGINS[folder]}. "
            "Name the folder that holds it with --data"
        )
    return path


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Return an IDX file of bytes, in gzip, as an array of its shape (format of the MNIST site).

    Raises ``DamagedDataError`` where it is none.
    """
    try:
        with gzip.open(path, "rb") as file:
            return _array(file.read())
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise DamagedDataError(f"{path} cannot be read: {error}; load it anew") from error


def _array(content: bytes) -> NDArray[np.uint8]:
    if content[:3] != bytes([0, 0, UNSIGNED_BYTE]):
        raise ValueError("it does not begin as an IDX file of bytes does")
    dimensions = content[3]
    shape = [int.from_bytes(content[4 + 4 * i : 8 + 4 * i], "big") for i in range(dimensions)]
    return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape)
