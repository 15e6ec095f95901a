"""The streams of the arena, read from public files: plain columns, as they come."""

from __future__ import annotations

import csv
import gzip
import math
import zipfile
import zlib
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import orjson

from benchmarks.arena.open_streams import OPEN_STREAMS
from benchmarks.arena.stream import ArenaStream
from benchmarks.arena.table import Table, Task
from benchmarks.literature.data_files import DamagedDataError, MissingDataError
from benchmarks.literature.electricity_market import read_electricity
from benchmarks.literature.gas_batches import read_gas_batches
from benchmarks.literature.gas_drift import GASES
from benchmarks.literature.hourly_bars import INSTRUMENTS, read_bars
from benchmarks.literature.protocol import HeldOut
from benchmarks.literature.splits import stratified

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

DAY_HOURS = 24


def read_table(data: Path, *, limit: int, name: str, number: bool = False) -> Table:
    """Read one of the tables that are kept as npz, ``X`` and ``y``."""
    path = _file(data, "tabular", f"{name}.npz", "the four tables of TechyNilesh/samlb (MIT), as npz")
    try:
        with path.open("rb") as file, np.load(file) as arrays:
            x, y = arrays["X"][:limit].astype(np.float64), arrays["y"]
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise DamagedDataError(f"{path} cannot be read: {error}; load it anew") from error
    names = tuple(f"column_{place}" for place in range(x.shape[1]))
    if number:
        return Table(names=names, x=x, y=y[:limit].astype(np.float64))
    classes, codes = np.unique(y, return_inverse=True)
    return Table(
        names=names, x=x, y=codes[:limit].astype(np.int64), classes=tuple(str(one) for one in classes.tolist())
    )


def read_elec2(data: Path, *, limit: int) -> Table:
    """Read the half-hours of the electricity market: its six fields, and nothing computed of them."""
    events = [orjson.loads(record.value or b"") for record in read_electricity(data)[:limit]]
    label = [event.pop("class") == "UP" for event in events]
    return Table(
        names=tuple(events[0]),
        x=np.array([list(event.values()) for event in events], dtype=np.float64),
        y=np.array(label, dtype=np.int64),
        classes=("DOWN", "UP"),
    )


def read_gas(data: Path, *, seed: int, limit: int) -> Table:
    """Read the batches of drifting gas sensors, each in an order that the seed draws; a batch is a task."""
    batches = read_gas_batches(data)
    tasks, x, y, rows = [], [], [], 0
    for batch in batches:
        generator = np.random.default_rng([seed, batch.number])
        learned, held_out = stratified(batch.y, generator=generator)
        learned = generator.permutation(learned)[: max(1, limit // len(batches))]
        rows += len(learned)
        x.append(batch.x[learned].astype(np.float64))
        y.append(batch.y[learned])
        tasks.append(Task(f"batch-{batch.number}", rows, HeldOut(batch.x[held_out], batch.y[held_out])))
    features = np.concatenate(x)
    return Table(
        names=tuple(f"sensor_{place}" for place in range(features.shape[1])),
        x=features,
        y=np.concatenate(y),
        classes=tuple(GASES),
        tasks=tuple(tasks),
    )


def read_fx(data: Path, *, limit: int) -> Table:
    """Read hourly bars, one instrument after another, of each the first third of ``limit``; it is the key."""
    names = ("range", "body", "volume", "usual")
    x, y, key = [], [], []
    for code, instrument in enumerate(INSTRUMENTS):
        bars = list(read_bars(data, instrument))[: max(1, limit // len(INSTRUMENTS))]
        x += [[bar.event[name] for name in names] for bar in bars]
        y += [bar.event["next_hour"] == "lively" for bar in bars]
        key += [code] * len(bars)
    return Table(
        names=names,
        x=np.array(x, dtype=np.float64),
        y=np.array(y, dtype=np.int64),
        classes=("calm", "lively"),
        key=np.array(key, dtype=np.int64),
        keys=INSTRUMENTS,
    )


def read_ett(data: Path, *, limit: int, ahead: int) -> Table:
    """Read the hours of a transformer; the label is its oil temperature so many hours ahead."""
    path = _file(data, "ett", "ETTh1.csv.gz", "ETTh1.csv of zhouhaoyi/ETDataset (CC BY-ND 4.0), in gzip")
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            names, *rows = csv.reader(lines)
        values = np.array([[float(cell) for cell in row[1:]] for row in rows], dtype=np.float64)
        angle = np.array([datetime.fromisoformat(row[0]).hour for row in rows]) * 2 * math.pi / DAY_HOURS
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise DamagedDataError(f"{path} cannot be read: {error}; load it anew") from error
    x: NDArray[np.float64] = np.column_stack([values, np.sin(angle), np.cos(angle)])
    return Table(
        names=(*names[1:], "hour_sin", "hour_cos"), x=x[:-ahead][:limit], y=values[ahead:, -1][:limit].copy()
    )


def _file(data: Path, folder: str, name: str, origin: str) -> Path:
    path = data / folder / name
    if not path.is_file():
        raise MissingDataError(
            f"{path} is missing; into {folder}/ belongs {origin}. Name the folder that holds it with --data"
        )
    return path


STREAMS: dict[str, ArenaStream] = {
    "covertype": ArenaStream(
        summary="forest cover by 54 fields of a map, 7 classes (Blackard and Dean; UCI 31)",
        read_ordered=partial(read_table, name="covertype"),
        classes=7,
    ),
    "airlines": ArenaStream(
        summary="whether a flight is late, by 7 fields",
        read_ordered=partial(read_table, name="new_airlines"),
        classes=2,
    ),
    "shuttle": ArenaStream(
        summary="state of a radiator by 9 fields, 7 classes, very unequal (UCI 148)",
        read_ordered=partial(read_table, name="shuttle"),
        classes=7,
    ),
    "elec2": ArenaStream(
        summary="price up or down, by the six raw fields of a half-hour (Harries 1999)",
        read_ordered=read_elec2,
        classes=2,
    ),
    "gas": ArenaStream(
        summary="six gases by 16 ageing sensors, batch after batch (Vergara et al. 2012); a fifth is held out",
        read_drawn=read_gas,
        classes=6,
    ),
    "fx": ArenaStream(
        summary="whether the next hour's return is above its trailing median, by four fields; key: instrument",
        read_ordered=read_fx,
        classes=2,
    ),
    "metro": ArenaStream(
        summary="hourly traffic by 7 fields (UCI 492)",
        read_ordered=partial(read_table, name="MetroTraffic", number=True),
    ),
    "ett-1": ArenaStream(
        summary="oil temperature of a transformer an hour ahead, by 7 fields and the hour (Zhou et al. 2021)",
        read_ordered=partial(read_ett, ahead=1),
    ),
    "ett-24": ArenaStream(summary="the same 24 hours ahead", read_ordered=partial(read_ett, ahead=DAY_HOURS)),
    **OPEN_STREAMS,
}
"""Name on the command line → the stream."""
