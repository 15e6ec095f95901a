"""``python -m benchmarks scale``: what it costs when a sensor fails, is replaced, drifts or changes its unit."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from benchmarks.published import published
from daemon.process.threads import use_threads

Floats = NDArray[np.float64]
Happening = Callable[[Floats, np.random.Generator], Floats]

EVENTS, START = 14_000, 8_000
SENSORS = ("pressure", "temperature", "flow", "vibration")
_LEVEL, _SPREAD = np.array([1_000.0, 20.0, 50.0, 3.0]), np.array([10.0, 5.0, 4.0, 1.0])
WINDOWS = {
    "before": (START - 1_500, START),
    "600 to 1,100 after": (START + 600, START + 1_100),
    "2,000 to 3,000 after": (START + 2_000, START + 3_000),
    "the end": (EVENTS - 2_000, EVENTS),
}


def _of(sensor: str, change: Happening, *, rows: int | None = None) -> Happening:
    """Return what changes the first ``rows`` readings of a sensor from the start on, or all."""
    column = SENSORS.index(sensor)

    def happen(readings: Floats, chance: np.random.Generator) -> Floats:
        stop = len(readings) if rows is None else START + rows
        readings[START:stop, column] = change(readings[START:stop, column], chance)
        return readings

    return happen


HAPPENINGS: dict[str, Happening] = {
    "nothing": lambda readings, _: readings,
    "-9999 for 300 events": _of("pressure", lambda x, _: np.full_like(x, -9_999.0), rows=300),
    "0 for 600 events": _of("pressure", lambda x, _: np.zeros_like(x), rows=600),
    "noise for 600 events": _of("pressure", lambda x, chance: chance.normal(0, 3_000, len(x)), rows=600),
    "hPa to Pa": _of("pressure", lambda x, _: 100 * x),
    "hPa to psi": _of("pressure", lambda x, _: x / 68.94757),
    "Celsius to Fahrenheit": _of("temperature", lambda x, _: 1.8 * x + 32),
    "Celsius to kelvin": _of("temperature", lambda x, _: x + 273.15),
    "another sensor": _of("pressure", lambda x, _: 1.37 * x + 900),
    "a drift by 4 deviations in 2,000 events": _of(
        "pressure", lambda x, _: x + 40 * np.minimum(1.0, np.arange(len(x)) / 2_000)
    ),
}


def scale(
    *,
    only: Annotated[str | None, typer.Option(help="One of the happenings.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Streams, and daemons, of each.")] = 1,
) -> None:
    """Let something happen to a sensor in mid-stream; print how many answers were right before and after it.

    Four sensors decide between four states. What is written is the untouched default's answers, and those of its
    network without the committee.
    """
    if only is not None and only not in HAPPENINGS:
        near = get_close_matches(only, list(HAPPENINGS), n=1, cutoff=0)[0]
        raise typer.BadParameter(f"{only!r} is none of them; did you mean {near!r}?")
    use_threads(1)
    console, notes = Console(highlight=False, markup=False), Console(stderr=True)
    names = list(HAPPENINGS) if only is None else [only]
    titles = [f"{who}, {when}" for who in ("committee", "alone") for when in WINDOWS]
    console.print(f"| what happens | {' | '.join(titles)} |", soft_wrap=True)
    console.print(f"|---|{'---:|' * len(titles)}", soft_wrap=True)
    for name in track(names, console=notes, transient=True):
        right = [
            np.mean([_right(name, committee=committee, seed=seed) for seed in range(seeds)], axis=0)
            for committee in (True, False)
        ]
        figures = [f"{100 * hits[slice(*window)].mean():.1f}" for hits in right for window in WINDOWS.values()]
        console.print(f"| {name} | {' | '.join(figures)} |", soft_wrap=True)


def _right(happening: str, *, committee: bool, seed: int) -> NDArray[np.bool_]:
    """Return which answers were right ``(events,)``."""
    chance = np.random.default_rng(seed)
    latent = chance.normal(size=(EVENTS, len(SENSORS)))
    first = latent @ np.array([2.0, -1.5, 1.0, 0.5]) > 0
    second = latent @ np.array([-0.5, 1.0, 1.5, -1.0]) + latent[:, 0] * latent[:, 1] > 0
    labels = (first + 2 * second).tolist()
    readings = HAPPENINGS[happening](_LEVEL + _SPREAD * latent, chance)
    sections: dict[str, Any] = {"decoder": {"type": "json", "label": "state"}, "seed": seed}
    events = [
        dict(zip(SENSORS, row, strict=True)) | {"state": f"state {label}"}
        for row, label in zip(readings.tolist(), labels, strict=True)
    ]
    said = published(sections | ({} if committee else {"committee": None}), events, topic="plant")
    return np.array([one.prediction == one.label for one in said])
