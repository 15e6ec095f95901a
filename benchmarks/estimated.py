"""``python -m benchmarks estimated``: how good answers are estimated to be before their labels come, and were."""

import csv
import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.published import published
from connectors.sink import Prediction
from daemon.process.threads import use_threads
from daemon.scoring.estimated_accuracy import EstimatedAccuracy

LATE = 1_000
Flags = NDArray[np.bool_]
Shares = NDArray[np.float64]
PART, WINDOW = 5_000, 1_000
_FIELDS = ("period", "nswprice", "nswdemand", "vicprice", "vicdemand", "transfer")


def estimated(
    *,
    data: Annotated[Path, typer.Option(help="Folder with elec2/elec.csv.gz.")] = Path("data"),
    late: Annotated[int, typer.Option(help="Events by which each label is late.")] = LATE,
) -> None:
    """Let the untouched default tell whether the price of electricity rises, every label a thousand events late."""
    console = Console(highlight=False, markup=False, width=200)
    use_threads(1)
    try:
        rows = _rows(data / "elec2" / "elec.csv.gz")
    except OSError as error:
        raise typer.BadParameter(str(error), param_hint="--data") from error
    said = predictions(rows, late=late)
    right = np.array([each.prediction == row["label"] for each, row in zip(said, rows, strict=True)])
    sure = np.array([each.confidence or 0.0 for each in said])
    calibrated = estimates(said, right, late=late)
    console.print("| events | accuracy | confidence | estimated before labels came |\n| --- | ---: | ---: | ---: |")
    for first in range(0, len(rows), PART):
        part = slice(first, min(first + PART, len(rows)))
        figures = (right[part].mean(), sure[part].mean(), calibrated[part].mean())
        console.print(
            f"| {part.start:,} to {part.stop:,} | {' | '.join(f'{100 * each:.1f}' for each in figures)} |"
        )
    gaps = [_gap(each, right) for each in (sure, calibrated)]
    console.print(
        f"\nover each {WINDOW:,} events off by {100 * gaps[0]:.1f} and {100 * gaps[1]:.1f} points on average"
    )


def predictions(rows: Sequence[dict[str, Any]], *, late: int) -> list[Prediction]:
    """Return what is published of all rows, where the label of each comes so many events later."""
    sections = {
        "decoder": {"type": "json", "features": list(_FIELDS)},
        "label": {"from": "topic", "where": {"kind": "label"}, "field": "label", "id": "id"},
    }
    events: list[dict[str, Any]] = []
    for number, row in enumerate(rows):
        events.append({**{name: row[name] for name in _FIELDS}, "id": number, "kind": "event"})
        if number >= late:
            events.append({"id": number - late, "label": rows[number - late]["label"], "kind": "label"})
    return published(sections, events, topic="elec2")


def estimates(said: Sequence[Prediction], right: Flags, *, late: int) -> Shares:
    """Return what the daemon estimates of each answer alone ``(rows,)``, by the labels that had come by then."""
    estimate, found = EstimatedAccuracy(window=1), np.zeros(len(said))
    for number, each in enumerate(said):
        if number >= late:
            estimate.hear(number - late, right=bool(right[number - late]))
        estimate.ask(number, each.confidence)
        found[number] = 0.0 if estimate.score is None else estimate.score.accuracy
    return found


def _gap(sure: Shares, right: Flags) -> float:
    """Return by how much the mean of ``sure`` is off from the share that is right, over windows, on average."""
    starts = range(WINDOW, len(right) - WINDOW, WINDOW)
    return float(np.mean([abs(sure[at : at + WINDOW].mean() - right[at : at + WINDOW].mean()) for at in starts]))


def _rows(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return [
            {**{name: float(row[name]) for name in _FIELDS}, "label": "up" if row["class"] == "1" else "down"}
            for row in csv.DictReader(file)
        ]
