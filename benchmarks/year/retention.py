"""What is still known of days that are long past."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.year.sensors import COLUMNS
from benchmarks.year.states import STATES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.year.simulator import Rows, Simulator
    from daemon.learning.pipeline import Pipeline

AGES = {"day": 1, "week": 7, "month": 30, "quarter": 91}
"""Name → days ago."""
THEN, NOW = "then", "now"
"""Whose sensors: those of the day, as its events came, or today's, as the day would come if it came back."""
UNKNOWN = -1


def kept(pipeline: Pipeline, simulator: Simulator, *, day: float, rows: int) -> dict[str, dict[str, float]]:
    """Return the accuracy on ``rows`` held-out rows of days ago, by ``AGE-SENSORS`` and by who answers.

    An age that the stream has not reached is left out.
    """
    found = {}
    for age, days in AGES.items():
        past = int(day) - days
        if past < 0:
            continue
        for name, sensors_of in ((THEN, None), (NOW, day)):
            held_out = simulator.held_out(past, rows, sensors_of=sensors_of)
            found[f"{age}-{name}"] = _accuracies(pipeline, held_out)
    return found


def _accuracies(pipeline: Pipeline, rows: Rows) -> dict[str, float]:
    main, names = pipeline.main, pipeline.feature_names
    assert main is not None, "a week has events"
    assert names is not None, "the first event has shown them"
    x = rows.readings[:, [COLUMNS.index(name) for name in names]].astype(np.float32)
    known = [STATES.index(name) for name in pipeline.snapshot().classes]
    # An output that no class has yet is never right.
    codes = np.full(max(len(known), 1 << 10), UNKNOWN)
    codes[: len(known)] = known
    return {who: _accuracy(codes[said], rows.state) for who, said in main.say(x, task=0).items()}


def _accuracy(said: NDArray[np.int64], state: NDArray[np.int64]) -> float:
    return round(float(np.mean(said == state)), 4)
