"""Two tasks, one after another, that have one rule; the labels of a stretch of the second are wrong."""

from __future__ import annotations

import numpy as np
import orjson

EVENTS = 2_400
BAD_LINE = 1_250
"""Of no JSON, within what is wrong."""
_SECOND_TASK, _WRONG = 800, range(1_100, 1_500)


def poisoned() -> list[bytes]:
    """Return the events in JSON: fields a and b, label and task."""
    chance, values = np.random.default_rng(0), []
    for place, (a, b) in enumerate(chance.normal(size=(EVENTS, 2)).tolist()):
        label = "yes" if (a > 0) != (place in _WRONG) else "no"
        task = "good" if place < _SECOND_TASK else "other"
        values.append(orjson.dumps({"a": a, "b": b, "label": label, "task": task}))
    values[BAD_LINE] = b"no JSON"
    return values
