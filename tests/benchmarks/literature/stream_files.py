"""Small files in the form of the public streams, with a class that their rows show."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.literature.gas_batches import FEATURES, NUMBERS

if TYPE_CHECKING:
    from pathlib import Path

GAS_ROWS, PEOPLE, WINDOWS, HALF_HOURS, BARS = 60, 3, 10, 400, 560


def write_gas(data: Path) -> None:
    """Eight batches of six gases, sorted by gas; each raises sensors of its own by orders of magnitude."""
    folder, generator = data / "gas_drift_partial", np.random.default_rng(1)
    folder.mkdir()
    for number in NUMBERS:
        y = np.sort(np.arange(GAS_ROWS) % 6)
        x = generator.normal(size=(GAS_ROWS, FEATURES)) * 10
        x[np.arange(GAS_ROWS), y] += 1e4 * number
        lines = [
            f"{label + 1};10.000000 " + " ".join(f"{place}:{value:.6f}" for place, value in enumerate(row, 1))
            for label, row in zip(y.tolist(), x.tolist(), strict=True)
        ]
        (folder / f"batch{number}.dat.gz").write_bytes(gzip.compress("\n".join(lines).encode()))


def write_har(data: Path) -> None:
    """Three people, each with ten overlapping windows of every activity, twice interrupted."""
    (data / "uci_har").mkdir()
    generator, windows = np.random.default_rng(2), PEOPLE * 6 * WINDOWS
    y = np.tile(np.repeat(np.arange(6), WINDOWS), PEOPLE)
    x = generator.normal(size=(windows, 9, 128)).astype(np.float32)
    x[np.arange(windows), y] += 2
    place = np.arange(windows) % WINDOWS
    np.savez(
        data / "uci_har" / "uci_har_inertial_ordered.npz",
        x=x,
        y=y.astype(np.int8),
        subject=np.repeat(np.arange(1, PEOPLE + 1), 6 * WINDOWS).astype(np.int8),
        contiguous=(place != 0) & (place != 5),
    )


def write_electricity(data: Path) -> None:
    """A price that swings, and whether it is above its middle."""
    (data / "elec2").mkdir()
    lines = ["period,nswprice,nswdemand,vicprice,vicdemand,transfer,class"]
    for number in range(HALF_HOURS):
        price = np.sin(number / 9)
        lines.append(f"{number % 48 / 47:.4f},{price:.6f},0.5,0.1,0.4,0.4,{int(price > 0)}")
    (data / "elec2" / "elec.csv.gz").write_bytes(gzip.compress("\n".join(lines).encode()))


def bars(*, seed: int, rows: int = BARS) -> list[str]:
    """Lines of a walk in whole points, an hour apart."""
    generator = np.random.default_rng(seed)
    closes = 80_000 + np.cumsum(generator.integers(-60, 61, size=rows))
    lines = ["Date,open,high,low,close,tick_volume"]
    for number, close in enumerate(closes.tolist()):
        date = np.datetime64("2012-11-01T00:00:00") + np.timedelta64(number, "h")
        low, high = close - generator.integers(1, 40), close + generator.integers(1, 40)
        lines.append(f"{str(date).replace('T', ' ')},{close - 1}.0,{high}.0,{low}.0,{close}.0,{number + 100}")
    return lines


def write_bars(data: Path, instrument: str, lines: list[str]) -> None:
    (data / "fx_hourly").mkdir(exist_ok=True)
    (data / "fx_hourly" / f"{instrument}h1.csv.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
