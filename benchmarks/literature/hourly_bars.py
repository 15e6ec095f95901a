"""Hourly bars of two currency pairs and gold, 2012 to 2022."""

from __future__ import annotations

import csv
import gzip
import math
import zlib
from collections import deque
from datetime import UTC, datetime
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.literature.data_files import DamagedDataError, data_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INSTRUMENTS = ("USDCHF", "USDJPY", "XAUUSD")
TRAILING_HOURS = 480
"""Twenty trading days: what an hour's movement is compared with."""
BASIS_POINTS = 1e4


class Bar(NamedTuple):
    """One hour, and what the next one brought."""

    time_ms: int
    instrument: str
    event: dict[str, Any]
    """Four numbers, and two labels: ``next_hour``, lively or calm, and ``next_move``, up or down."""


def read_bars(data: Path, instrument: str) -> Iterator[Bar]:
    """Yield an instrument's bars in time order, but for the first ones, which have nothing to be compared with.

    An hour is lively if its absolute return is above the median of the 480 before; the label is joined here
    because it is known one hour later. Raises ``MissingDataError``, or ``DamagedDataError`` where the file is not
    what it should be.
    """
    path = data_file(data, "fx_hourly", f"{instrument}h1.csv.gz")
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from _bars(instrument, list(csv.DictReader(lines)))
    except (OSError, EOFError, KeyError, ValueError, TypeError, zlib.error) as error:
        raise DamagedDataError(f"{path} cannot be read: {error}; load it anew") from error


def _bars(instrument: str, rows: list[dict[str, str]]) -> Iterator[Bar]:
    trailing: deque[float] = deque(maxlen=TRAILING_HOURS)
    for row, following in pairwise(rows):
        move = math.log(float(following["close"]) / float(row["close"]))
        if len(trailing) == TRAILING_HOURS:
            usual = median(trailing)
            opened = datetime.fromisoformat(row["Date"]).replace(tzinfo=UTC)
            event = {
                "instrument": instrument,
                **_measured(row),
                "usual": BASIS_POINTS * usual,
                "next_hour": "lively" if abs(move) > usual else "calm",
                "next_move": "up" if move > 0 else "down",
            }
            yield Bar(int(opened.timestamp() * 1000), instrument, event)
        trailing.append(abs(move))


def _measured(row: dict[str, str]) -> dict[str, float]:
    open_, high, low, close = (float(row[name]) for name in ("open", "high", "low", "close"))
    return {
        "range": BASIS_POINTS * math.log(high / low),
        "body": BASIS_POINTS * math.log(close / open_),
        "volume": math.log1p(float(row["tick_volume"])),
    }
