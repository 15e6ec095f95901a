"""``python -m benchmarks ahead``: numbers told ahead of their time, and how often their intervals hold."""

import csv
import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.published import published
from connectors.sink import Prediction
from daemon.process.threads import use_threads

COVERAGE = 0.9
WINDOW, STEP = 5_000, 100
"""Events in a row of which the share within is told, and how far apart these begin."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A file in the data folder, of whose numbers one is told some rows ahead."""

    path: str
    field: str
    ahead: int
    others: tuple[str, ...] = ()
    """Fields besides that are features."""


_PRICES = ("nswdemand", "vicprice", "vicdemand", "transfer")
_LOADS = ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL")
STREAMS = {
    "oil temperature, 1 hour": Stream("ett/ETTh1.csv.gz", "OT", 1, _LOADS),
    "oil temperature, 24 hours": Stream("ett/ETTh1.csv.gz", "OT", 24, _LOADS),
    "price, 1 hour": Stream("elec2/elec.csv.gz", "nswprice", 2, _PRICES),
    "machine temperature, 5 minutes": Stream("nab/machine_temperature_system_failure.csv.gz", "value", 1),
    "taxi rides, half an hour": Stream("nab/nyc_taxi.csv.gz", "value", 1),
}


def ahead(
    *,
    data: Annotated[Path, typer.Option(help="Folder with ett/, elec2/ and nab/, each file in gzip.")] = Path(
        "data"
    ),
    only: Annotated[list[str] | None, typer.Option(help="Only this stream; may be given again.")] = None,
) -> None:
    """Let the untouched default tell a field's later value, with intervals that are to hold nine of ten labels."""
    console = Console(highlight=False, markup=False, width=200)
    use_threads(1)
    heads = (
        "stream",
        "events",
        "R²",
        "R² of the value of now",
        "within",
        f"least and most of {WINDOW:,}",
        "no ends",
    )
    console.print(f"| {' | '.join(heads)} |\n| --- |{' ---: |' * (len(heads) - 1)}")
    for name in only or STREAMS:
        if name not in STREAMS:
            raise typer.BadParameter(f"{name} is none of: {', '.join(STREAMS)}", param_hint="--only")
        try:
            rows = rows_of(data, STREAMS[name])
        except OSError as error:
            raise typer.BadParameter(str(error), param_hint="--data") from error
        console.print(f"| {name} | {' | '.join(figures(STREAMS[name], rows))} |")


def figures(stream: Stream, rows: Sequence[dict[str, float]]) -> list[str]:
    """Return what is told of a stream, column by column but for its name."""
    values = np.array([row[stream.field] for row in rows])
    said = [each for each in predictions(stream, rows) if each.prediction is not None]
    place = np.array([each.record.offset for each in said])
    labelled = place + stream.ahead < len(values)
    place, said = place[labelled], [each for each, has in zip(said, labelled.tolist(), strict=True) if has]
    truth, answer = values[place + stream.ahead], np.array([each.prediction for each in said], dtype=float)
    ends = np.array([each.interval or (None, None) for each in said], dtype=float)
    within = ~((truth < ends[:, 0]) | (truth > ends[:, 1]))
    starts = range(0, max(1, len(within) - WINDOW), STEP)
    shares = [float(within[start : start + WINDOW].mean()) for start in starts]
    return [
        f"{len(place):,}",
        f"{r2(answer, truth):.4f}",
        f"{r2(values[place], truth):.4f}",
        f"{100 * within.mean():.1f}",
        f"{100 * min(shares):.1f} to {100 * max(shares):.1f}",
        f"{100 * np.isnan(ends).any(axis=1).mean():.1f}",
    ]


def predictions(stream: Stream, rows: Sequence[dict[str, float]]) -> list[Prediction]:
    """Return what is published of all rows."""
    sections = {
        "decoder": {"type": "json", "first_events": 1},
        "label": {"from": "stream", "field": stream.field, "ahead": stream.ahead, "coverage": COVERAGE},
        "features": {"label_lags": 3},
    }
    return published(sections, rows, topic="rows")


def rows_of(data: Path, stream: Stream) -> list[dict[str, float]]:
    """Return the rows of a stream's file, with the fields that are wanted."""
    with gzip.open(data / stream.path, "rt", encoding="utf-8", newline="") as file:
        wanted = (stream.field, *stream.others)
        return [{name: float(row[name]) for name in wanted} for row in csv.DictReader(file)]


def r2(answer: NDArray[Any], truth: NDArray[Any]) -> float:
    """Return how good answers are, 1 where they are the truth, 0 where they are as good as its mean."""
    return 1 - float(np.square(truth - answer).sum() / np.square(truth - truth.mean()).sum())
