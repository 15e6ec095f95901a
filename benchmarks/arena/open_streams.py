"""Streams that need no file: those that come with river, and two that are drawn here."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.arena.stream import ArenaStream
from benchmarks.arena.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    Pairs = Iterable[tuple[Mapping[str, Any], Any]]

ROWS = 10_000
DRIFT = 5_000
LEAVING = 0.1
"""Chance that a class that stays is left after a row."""


def read_pairs(_data: Path, *, limit: int, pairs: Callable[[], Pairs], number: bool = False) -> Table:
    """Read what river yields, at most ``ROWS``; a field that is no number becomes the place of its value."""
    rows = list(islice(pairs(), ROWS))
    names = list(rows[0][0])
    places: dict[Any, dict[str, int]] = {name: {} for name in names}
    x = np.array([[_number(row[name], places[name]) for name in names] for row, _ in rows[:limit]])
    titles = tuple(str(name) for name in names)
    if number:
        return Table(names=titles, x=x, y=np.array([float(label) for _, label in rows[:limit]]))
    classes, codes = np.unique([str(label) for _, label in rows], return_inverse=True)
    return Table(names=titles, x=x, y=codes[:limit].astype(np.int64), classes=tuple(classes.tolist()))


def read_sojourn(_data: Path, *, limit: int, classes: int, rows: int, spread: float) -> Table:
    """Draw classes that stay for ten rows in the mean, and rows of unit deviation about each one's centre."""
    chance = np.random.default_rng(classes)
    centres = chance.normal(size=(classes, 8)) * spread
    moves, drawn = chance.random(rows) < LEAVING, chance.integers(classes, size=rows)
    at = np.maximum.accumulate(np.where(moves, np.arange(rows), 0))
    y = drawn[at][:limit]
    return Table(
        names=tuple(f"column_{place}" for place in range(8)),
        x=centres[y] + chance.normal(size=(len(y), 8)),
        y=y.astype(np.int64),
        classes=tuple(f"class-{place}" for place in range(classes)),
    )


def _bundled(name: str) -> Pairs:
    pairs: Pairs = getattr(import_module("river.datasets"), name)()
    return pairs


def _synthetic(name: str, **options: Any) -> Pairs:
    pairs: Pairs = getattr(import_module("river.datasets.synth"), name)(**options)
    return pairs


def _changing(name: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> Pairs:
    """Yield the first ``DRIFT`` rows of one stream, and then another one of its kind."""
    return chain(islice(_synthetic(name, **one), DRIFT), _synthetic(name, **other))


def _calendar() -> Pairs:
    for row, level in _bundled("WaterFlow"):
        yield {"hour": row["Time"].hour, "weekday": row["Time"].weekday()}, level


def _number(value: Any, places: dict[str, int]) -> float:
    if isinstance(value, int | float):
        return float(value)
    return float(places.setdefault(str(value), len(places)))


def _of(summary: str, pairs: Callable[[], Pairs], *, classes: int = 0) -> ArenaStream:
    read = partial(read_pairs, pairs=pairs, number=not classes)
    return ArenaStream(summary=summary, read_ordered=read, classes=classes, is_open=True)


_SEA = ({"variant": 0, "noise": 0.1, "seed": 1}, {"variant": 3, "noise": 0.1, "seed": 2})
_AGRAWAL = ({"classification_function": 0, "seed": 1}, {"classification_function": 4, "seed": 2})
_SINE = ({"classification_function": 0, "seed": 1}, {"classification_function": 2, "seed": 2})
_LED = {"seed": 1, "noise_percentage": 0.1, "irrelevant_features": True, "n_drift_features": 3}
_RBF = {"seed_model": 4, "seed_sample": 2, "n_classes": 20, "n_features": 10, "n_centroids": 50}
_MOVING = {"seed_model": 1, "seed_sample": 2, "n_classes": 5, "n_features": 10, "n_centroids": 30,
           "change_speed": 0.001, "n_drift_centroids": 15}  # fmt: skip
_PLANE = {"seed": 1, "n_features": 10, "n_drift_features": 5, "mag_change": 0.01}
_FRIEDMAN = {"drift_type": "gra", "position": (3_000, 6_000), "seed": 1}

OPEN_STREAMS: dict[str, ArenaStream] = {
    "bananas": _of("two bananas in a plane, 2 classes", partial(_bundled, "Bananas"), classes=2),
    "phishing": _of("web pages by 9 fields, 2 classes, 1,250 rows", partial(_bundled, "Phishing"), classes=2),
    "segment": _of(
        "outdoor images by 18 fields, 7 classes, 2,310 rows", partial(_bundled, "ImageSegments"), classes=7
    ),
    "agrawal": _of(
        "Agrawal's loans, another rule after 5,000", partial(_changing, "Agrawal", *_AGRAWAL), classes=2
    ),
    "sea": _of("SEA, another threshold after 5,000, a tenth noise", partial(_changing, "SEA", *_SEA), classes=2),
    "sine": _of("a curve, another after 5,000", partial(_changing, "Sine", *_SINE), classes=2),
    "led": _of("digits of an LED display, a tenth noise", partial(_synthetic, "LEDDrift", **_LED), classes=10),
    "rbf": _of("50 clouds of 19 classes", partial(_synthetic, "RandomRBF", **_RBF), classes=19),
    "moving-rbf": _of("30 clouds that move", partial(_synthetic, "RandomRBFDrift", **_MOVING), classes=5),
    "hyperplane": _of("a plane that turns", partial(_synthetic, "Hyperplane", **_PLANE), classes=2),
    "waveform": _of("waves of 3 classes by 21 fields", partial(_synthetic, "Waveform", seed=1), classes=3),
    "random-tree": _of(
        "a random tree's leaves",
        partial(_synthetic, "RandomTree", seed_tree=1, seed_sample=2, n_classes=4),
        classes=4,
    ),
    "sojourn-40": ArenaStream(
        summary="40 classes that stay for ten rows, 4,000 rows",
        read_ordered=partial(read_sojourn, classes=40, rows=4_000, spread=1.0),
        classes=40,
        is_open=True,
    ),
    "sojourn-10": ArenaStream(
        summary="10 classes that stay for ten rows, close to each other, 2,000 rows",
        read_ordered=partial(read_sojourn, classes=10, rows=2_000, spread=0.5),
        classes=10,
        is_open=True,
    ),
    "chicks": _of("weights of chicks, 578 rows", partial(_bundled, "ChickWeights")),
    "trump": _of("approval ratings by six polls, 1,001 rows", partial(_bundled, "TrumpApproval")),
    "water": _of("water flow by the hour and the weekday, 1,268 rows", _calendar),
    "friedman": _of("Friedman's function, which drifts", partial(_synthetic, "FriedmanDrift", **_FRIEDMAN)),
    "planes": _of("two planes by 10 fields", partial(_synthetic, "Planes2D", seed=1)),
    "mv": _of("a function by cases, of numbers and categories", partial(_synthetic, "Mv", seed=1)),
}
"""Name on the command line → the stream."""
