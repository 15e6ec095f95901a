"""UCI HAR by person: thirty people, one after another, from raw windows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from benchmarks.literature.activity_windows import CHANNELS, LENGTH, ActivityWindows, read_activity_windows
from benchmarks.literature.protocol import HeldOut, MethodSetting, Overrides, Protocol
from benchmarks.literature.row_stream import RowStream, RowTask
from benchmarks.literature.splits import last_of_each_class
from benchmarks.literature.stream_recipe import ALONE, PREQUENTIAL_COLUMNS, REFERENCES, RETENTION_COLUMNS, peers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ACTIVITIES = ["walking", "upstairs", "downstairs", "sitting", "standing", "lying"]
REPLAY: dict[str, Any] = {"type": "replay", "rows": 4000, "storage": "float16"}


class HumanActivity(Protocol):
    """Six activities (Anguita et al. 2013): every person moves in a way of their own."""

    summary = (
        "UCI HAR by person, 30 tasks, raw windows shuffled within a person, one pass; the last fifth of each"
        " person's activities held out."
    )
    base: ClassVar[Overrides] = {
        "decoder": {
            "type": "raw",
            "dtype": "float32",
            "shape": [CHANNELS, LENGTH],
            "label": "label",
            "task": "task",
        },
        "label": {"classes": ACTIVITIES},
        "tasks": {"type": "field"},
        "model": {"type": "spectral", "shape": [CHANNELS, LENGTH], "hidden": [256, 256]},
        "optimizer": {"type": "adam", "lr": 0.001, "weight_decay": 0.1},
        "learner": {"batch": 16},
        "strategies": [],
        "retention": {"probe_share": 0.0, "min_segment_events": 1, "every_events": 1_000_000},
        "companions": REFERENCES,
    }
    evaluated_on = "Held-out windows."
    validated_on = "Windows held back of training."
    columns: ClassVar[Mapping[str, str]] = RETENTION_COLUMNS | PREQUENTIAL_COLUMNS
    settings: ClassVar[Mapping[str, MethodSetting]] = {
        "naive": MethodSetting(overrides=ALONE),
        "replay": MethodSetting(
            overrides={
                "learner": {"updates_per_batch": 8, "averaging": 0.998},
                "strategies": [REPLAY | {"batch": 128}],
            },
            note="spectra; 4,000 rows of float16; 8 steps on 16 events, averaged weights",
        ),
        "replay-cnn1d": MethodSetting(
            overrides={
                "model": {"type": "cnn1d", "shape": [CHANNELS, LENGTH], "channels": [32, 64, 64], "kernel": 9},
                "learner": {"updates_per_batch": 3, "averaging": 0.993},
                "strategies": [REPLAY | {"batch": 64}],
            },
            note="convolutions; 4,000 rows of float16; 3 steps on 16 events, averaged weights",
        ),
        "joint": MethodSetting(peer="joint", overrides=ALONE, note="all rows at once, 15 epochs"),
        **peers(),
    }
    evaluation_rows = None

    def stream(self, data: Path, *, seed: int, validate: bool) -> RowStream:
        """Return the stream of one seed, which decides the order within each person."""
        windows = read_activity_windows(data)
        people = np.unique(windows.person).tolist()
        tasks = [_task(windows, person, seed=seed, validate=validate) for person in people]
        return RowStream(tasks, classes=ACTIVITIES)


def _task(windows: ActivityWindows, person: int, *, seed: int, validate: bool) -> RowTask:
    rows = np.flatnonzero(windows.person == person)
    y, overlaps = windows.y[rows], windows.overlaps[rows]
    learned, held_out = last_of_each_class(y, overlaps=overlaps)
    if validate:
        # Between two rows that stay neighbours, the overlap stays as it was.
        still = overlaps[learned] & (np.diff(learned, prepend=-1) == 1)
        inner, chosen = last_of_each_class(y[learned], overlaps=still)
        learned, held_out = learned[inner], learned[chosen]
    learned = np.random.default_rng([seed, person]).permutation(learned)
    test = HeldOut(windows.x[rows[held_out]], y[held_out])
    return RowTask(f"person-{person:02}", windows.x[rows[learned]], y[learned], test)
