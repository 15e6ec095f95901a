"""Where tasks interleave, retention is measured though no task ever ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from daemon.build.pipeline import build_pipeline
from daemon.config.schema import Config
from daemon.learning.interleaving import Interleaving
from daemon.learning.stopwatch import Stopwatch
from tests.daemon.event_stream import Stretch, events

if TYPE_CHECKING:
    from daemon.learning.pipeline import Pipeline

# Three stations take turns; then two of them are silent.
STATIONS = [Stretch(name, 4) for name in "PQR" * 100] + [Stretch("P", 600)]


def after(stretches: list[Stretch], **retention: Any) -> Pipeline:
    options: dict[str, Any] = {
        "source": {"type": "file", "path": "unused"},
        "decoder": {"type": "json", "label": "y", "task": "task"},
        "label": {"type": "class", "max_classes": 3},
        "tasks": {"type": "field"},
        "model": {"type": "mlp", "hidden": [16]},
        "optimizer": {"type": "adam", "lr": 0.01},
        "strategies": [{"type": "ewc", "every_events": None}],
        "learner": {"batch": 8},
        "retention": {"probe_share": 0.1, "every_events": 100, "min_segment_events": 50} | retention,
        "committee": {},
        "checkpoint": {"directory": "unused"},
    }
    pipeline = build_pipeline(Config.model_validate(options), stopwatch=Stopwatch())
    pipeline.process(events(stretches, seed=2))
    pipeline.finish()
    return pipeline


def test_forgetting_and_transfer_of_interleaved_tasks_are_known() -> None:
    snapshot = after(STATIONS, boundary_events=1_200).snapshot()
    assert snapshot.main is not None
    figures = snapshot.main.scores.figures
    assert [row.events for row in snapshot.main.scores.boundaries] == [1_200], "as R has just had its turn"
    assert figures.forgetting is not None
    assert figures.backward_transfer is not None
    silent = [of for task, of in figures.tasks.items() if snapshot.tasks[task] != "P"]
    assert all(of.first is not None and of.forgetting is not None for of in silent)


def test_every_learner_is_measured_and_the_frozen_one_stops() -> None:
    snapshot = after(STATIONS, boundary_events=400).snapshot()
    assert snapshot.committee is not None
    scores = [each.scores for each in snapshot.learners.values()] + [snapshot.committee.scores]
    assert len(scores) == 4
    assert [len(each.boundaries) for each in scores] == [3, 3, 3, 3]


def test_nothing_is_consolidated_so_what_is_learned_is_the_same() -> None:
    with_them, without = (after(STATIONS, boundary_events=every) for every in (200, None))
    assert with_them.main is not None
    assert without.main is not None
    one, other = (each.main.scored.learner for each in (with_them, without) if each.main is not None)
    assert one.parameters.equal(other.parameters)
    boundaries = [len(each.main.scored.evaluator.matrix.table()) for each in (with_them, without) if each.main]
    assert boundaries[0] > boundaries[1] == 0


def test_tasks_that_end_have_no_other_boundaries_than_their_ends() -> None:
    stretches = [Stretch(name, 500) for name in "PQR"]
    with_them, without = (after(stretches, boundary_events=every).snapshot() for every in (100, None))
    assert with_them.main is not None
    assert without.main is not None
    assert [row.events for row in with_them.main.scores.boundaries] == [500, 1000]
    np.testing.assert_array_equal(
        with_them.main.scores.boundaries[1].scores, without.main.scores.boundaries[1].scores
    )


@pytest.mark.parametrize(
    ("events", "due"), [(9, False), (10, True), (19, True)], ids=["too early", "in time", "late"]
)
def test_a_boundary_is_due_at_every_multiple_where_tasks_interleave(events: int, *, due: bool) -> None:
    interleaving = Interleaving(10)
    interleaving.learned([1, 2])
    assert interleaving.is_due(events) is due
    interleaving.boundary(events)
    assert not interleaving.is_due(100), "no task has been learned since"


def test_a_boundary_of_another_kind_puts_it_off() -> None:
    interleaving = Interleaving(10)
    interleaving.boundary(8)
    interleaving.learned([1, 2])
    assert next(events for events in range(8, 30) if interleaving.is_due(events)) == 13


def test_a_task_that_is_merged_is_another_from_then_on_and_a_restart_knows_it() -> None:
    interleaving, again = Interleaving(10), Interleaving(10)
    interleaving.boundary(4)
    interleaving.learned([1, 2])
    interleaving.merge_task(1, into=3)
    again.load_state_dict(interleaving.state_dict())
    assert (again.tasks, again.state_dict()) == ((2, 3), interleaving.state_dict())
