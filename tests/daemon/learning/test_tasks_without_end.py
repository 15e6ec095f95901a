"""However many tasks a stream has had, the newest have a place in everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from daemon.build.pipeline import build_pipeline
from daemon.config.schema import Config
from daemon.learning.stopwatch import Stopwatch
from daemon.tasks.task_names import OTHER
from tests.daemon.event_stream import Stretch, events
from tests.daemon.learning.test_pipeline import BASE

if TYPE_CHECKING:
    from daemon.learning.snapshot import PipelineSnapshot

SEGMENTS, ROWS, PLACES, BUFFER = 40, 60, 4, 60


def after_many(policy: str = "reservoir", **retention: Any) -> PipelineSnapshot:
    options = BASE | {
        "retention": BASE["retention"] | {"max_tasks": PLACES, "alive_events": 60} | retention,
        "strategies": [{"type": "replay", "rows": BUFFER, "policy": policy}],
    }
    pipeline = build_pipeline(Config.model_validate(options), stopwatch=Stopwatch())
    pipeline.process(events([Stretch(f"day-{number}", ROWS) for number in range(SEGMENTS)], seed=3))
    pipeline.finish()
    return pipeline.snapshot()


NEWEST = [f"day-{number}" for number in range(SEGMENTS - PLACES, SEGMENTS)]


def test_the_newest_tasks_have_probes_a_column_scores_and_rows_of_the_buffer() -> None:
    snapshot = after_many("task_balanced")
    assert snapshot.main is not None
    scores, names = snapshot.main.scores, snapshot.tasks
    assert sorted(names.values()) == sorted([*NEWEST, OTHER])
    assert (snapshot.current_task, snapshot.tasks_merged) == (NEWEST[-1], SEGMENTS - PLACES)
    of = {names[code]: figures for code, figures in scores.figures.tasks.items()}
    for name in NEWEST:
        assert of[name].samples >= 5
        assert of[name].now is not None
        assert of[name].untrained is not None
        assert scores.of_task[name].rows == ROWS
    for name in NEWEST[:-1]:
        assert of[name].forgetting is not None
    newest_row = scores.boundaries[-1].scores
    assert np.isfinite([newest_row[code] for code, name in names.items() if name in NEWEST[:-1]]).all()
    buffer = snapshot.main.strategies["replay"].buffer
    assert buffer is not None
    shares = {names[code]: rows for code, rows in buffer.by_task.items()}
    assert min(shares[name] for name in NEWEST) >= BUFFER // (PLACES + 1) - 1


def test_what_made_room_is_counted_as_other_and_nothing_is_lost() -> None:
    snapshot = after_many()
    assert snapshot.main is not None
    names, scores = snapshot.tasks, snapshot.main.scores
    assert sum(of.rows for of in scores.of_task.values()) == SEGMENTS * ROWS
    assert scores.of_task[OTHER].rows == (SEGMENTS - PLACES) * ROWS
    buffer = snapshot.main.strategies["replay"].buffer
    assert buffer is not None
    assert sum(buffer.by_task.values()) == BUFFER
    # Algorithm R is uniform over the stream: nine tenths of it are in the past.
    assert {names[code]: rows for code, rows in buffer.by_task.items()}[OTHER] > BUFFER * 0.75


@pytest.mark.parametrize("kept", ["day-0", "day-3"])
def test_where_nobody_makes_room_the_first_tasks_keep_their_places(kept: str) -> None:
    snapshot = after_many(when_full="other")
    assert kept in snapshot.tasks.values()
    assert snapshot.tasks_merged == 0
    assert snapshot.current_task == OTHER
