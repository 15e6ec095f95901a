"""Two tasks, one after another, that have one rule; the labels of a stretch of the second are wrong."""

from __future__ import annotations

import numpy as np
import orjson

LEARNS = """
decoder: {{type: json, label: label, task: task, features: [a, b], first_events: 1}}
label: {{type: class, classes: [no, yes]}}
tasks: {{type: field}}
model: {{type: linear}}
optimizer: {{type: sgd, lr: 0.5}}
learner: {{batch: 8, standardise: false}}
strategies: [{{type: replay, rows: 40}}]
companions: {{naive: null, frozen: null}}
retention:
  {{probe_share: 0.2, probe_rows: 200, every_events: 100, min_segment_events: 20, budget: 0.05,
    on_breach: {remedies}}}
checkpoint: {{directory: {directory}/state, every_events: 40, every_seconds: 1.0e+9, keep: 2}}
http: {{port: 0}}
"""
"""How it is learned, within a budget that it passes; but for the source and the outputs."""
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
