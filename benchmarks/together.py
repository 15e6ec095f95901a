"""``python -m benchmarks together``: two targets of a stream in one daemon, against a daemon for each."""

import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console

from benchmarks.ahead import STREAMS, r2, rows_of
from benchmarks.published import published
from daemon.learning.stopwatch import Stopwatch
from daemon.process.threads import use_threads

COVERAGE = 0.9
AHEAD = (1, 24)
STAGES = {"learn": "of it networks learn, %", "committee": "committees, %", "companions": "companions, %"}
"""Where the one daemon's time goes: stages of the loop, by the heading that they have."""
HEADS = ("stream", "target", "R² alone", "R² together", "answers that differ", "within, %")
COSTS = ("stream", "rows", "two daemons, events/s", "one daemon, events/s", "time of two", *STAGES.values())

Rows = Sequence[dict[str, float]]


@dataclass(frozen=True, slots=True)
class Told:
    """What was published of one target."""

    answers: np.ndarray[Any, np.dtype[np.float64]]
    """``(rows,)``, NaN where nothing could be said."""
    ends: np.ndarray[Any, np.dtype[np.float64]]
    """``(rows, 2)``: of the intervals."""


def together(
    *,
    data: Annotated[Path, typer.Option(help="Folder with ett/ and tabular/.")] = Path("data"),
    rows: Annotated[int, typer.Option(help="Only so many of each stream; 0: all.")] = 0,
) -> None:
    """Let one daemon tell a value an hour and a day ahead, and then a daemon for each."""
    console = Console(highlight=False, markup=False, width=200)
    use_threads(1)
    costs = []
    console.print(_row(HEADS), _rule(HEADS), sep="\n")
    for name, (field, table) in _streams(data).items():
        shown = table[: rows or None]
        lines, cost = compared(name, field, shown)
        console.print(*map(_row, lines), sep="\n")
        costs.append(cost)
    console.print("", _row(COSTS), _rule(COSTS), *map(_row, costs), sep="\n")


def compared(name: str, field: str, rows: Rows) -> tuple[list[list[str]], list[str]]:
    """Return a line for each target, and what both ways cost, in seconds of the processor."""
    targets = [{"field": field, "ahead": ahead, "coverage": COVERAGE} for ahead in AHEAD]
    watch = Stopwatch(clock=time.process_time)
    both, seconds = _told({"targets": targets}, rows, watch)
    stages = watch.take()
    shares = [f"{100 * stages[stage] / seconds:.0f}" for stage in STAGES]
    values = np.array([row[field] for row in rows])
    lines, apart = [], 0.0
    for ahead, target in zip(AHEAD, targets, strict=True):
        (alone,), own = _told({"label": {"from": "stream", **target}}, rows)
        apart += own
        lines.append([name, f"{field}+{ahead}", *_figures(alone, both[AHEAD.index(ahead)], values, ahead=ahead)])
    speeds = [f"{len(rows) / each:,.0f}" for each in (apart, seconds)]
    return lines, [name, f"{len(rows):,}", *speeds, f"{seconds / apart:.2f}", *shares]


def _told(label: dict[str, Any], rows: Rows, watch: Stopwatch | None = None) -> tuple[list[Told], float]:
    """Return what was published of each target, and how long that took the processor."""
    gc.disable()  # which the daemon lets look seldom; here all that was said is kept
    begun = time.process_time()
    sections = {"decoder": {"type": "json", "first_events": 1}, "features": {"label_lags": 3}}
    said = published(sections | label, rows, topic="rows", stopwatch=watch)
    seconds = time.process_time() - begun
    gc.enable()
    names: Sequence[str] = list(said[0].targets or ("",))
    each = [[(one.targets or {"": one})[name] for one in said] for name in names]
    return [
        Told(
            np.array([np.nan if one is None else one.prediction for one in of], dtype=float),
            np.array([(None, None) if one is None else one.interval or (None, None) for one in of], dtype=float),
        )
        for of in each
    ], seconds


def _figures(alone: Told, among: Told, values: np.ndarray[Any, np.dtype[np.float64]], *, ahead: int) -> list[str]:
    truth = values[ahead:]
    scores = []
    for told in (alone, among):
        known = ~np.isnan(told.answers[:-ahead])
        scores.append(f"{r2(told.answers[:-ahead][known], truth[known]):.4f}")
    low, high = among.ends[:-ahead].T
    within = ~((truth < low) | (truth > high))
    differ = int((~np.isclose(alone.answers, among.answers, rtol=0, atol=0, equal_nan=True)).sum())
    return [*scores, str(differ), f"{100 * within.mean():.1f}"]


def _streams(data: Path) -> dict[str, tuple[str, Rows]]:
    try:
        oil = rows_of(data, STREAMS["oil temperature, 1 hour"])
        with np.load(data / "tabular" / "MetroTraffic.npz", allow_pickle=False) as traffic:
            names, table = (*traffic["feature_names"].tolist(), "traffic"), traffic["data"].tolist()
    except OSError as error:
        raise typer.BadParameter(str(error), param_hint="--data") from error
    return {
        "oil temperature (ETTh1)": ("OT", oil),
        "traffic (MetroTraffic)": ("traffic", [dict(zip(names, row, strict=True)) for row in table]),
    }


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _rule(heads: Sequence[str]) -> str:
    return _row(["---", *["---:"] * (len(heads) - 1)])
