"""Elec2: half-hours of the New South Wales electricity market, 1996 to 1998 (Harries 1999)."""

from __future__ import annotations

import csv
import gzip
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson

from benchmarks.literature.data_files import DamagedDataError, data_file
from connectors.record import LocalRecord

if TYPE_CHECKING:
    from pathlib import Path

HALF_HOUR_MS = 1_800_000
START_MS = int(datetime(1996, 5, 7, tzinfo=UTC).timestamp() * 1000)
"""7 May 1996, when the recording began."""


def read_electricity(data: Path) -> list[LocalRecord]:
    """Return 45,312 events of six numbers and a class, price UP or DOWN, in time order.

    UP means above the mean price of the last 24 hours. Raises ``MissingDataError``, or ``DamagedDataError`` where
    the file is not what it should be.
    """
    path = data_file(data, "elec2", "elec.csv.gz")
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            return [_record(number, row) for number, row in enumerate(csv.DictReader(lines))]
    except (OSError, EOFError, KeyError, ValueError, TypeError, zlib.error) as error:
        raise DamagedDataError(f"{path} cannot be read: {error}; load it anew") from error


def _record(number: int, row: dict[str, str]) -> LocalRecord:
    label = "UP" if row.pop("class") == "1" else "DOWN"
    event = {name: float(value) for name, value in row.items()} | {"class": label}
    return LocalRecord("elec2", 0, number, START_MS + number * HALF_HOUR_MS, None, orjson.dumps(event), [])
