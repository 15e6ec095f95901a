"""With any adapter the pipeline stays a function of its records in their order, and goes on from its state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from daemon.build.pipeline import build_pipeline
from daemon.config.schema import Config
from daemon.learning.stopwatch import Stopwatch
from daemon.state.state_tree import copy_tree
from tests.daemon.event_stream import Stretch, events
from tests.daemon.same_state import assert_same_state, chunks

if TYPE_CHECKING:
    from connectors.record import LocalRecord
    from daemon.learning.pipeline import Pipeline

ADAPTERS: dict[str, list[dict[str, Any]]] = {
    "lora": [{"type": "lora", "rank": 2}],
    "freeze": [{"type": "freeze", "layers": ["0"]}],
    "heads": [{"type": "heads"}],
    "lora and heads": [{"type": "lora", "rank": 2}, {"type": "heads"}],
    "progressive": [{"type": "progressive", "max_columns": 3}],
}
# Tasks change within a block, come back, and are more than the columns.
STRETCHES = [Stretch("one", 45), Stretch("two", 38), Stretch("one", 20), Stretch("three", 30), Stretch("four", 25)]


def pipeline(adapters: list[dict[str, Any]], **sections: Any) -> Pipeline:
    options: dict[str, Any] = {
        "source": {"type": "file", "path": "unused"},
        "decoder": {"type": "json", "label": "y", "task": "task"},
        "label": {"max_classes": 3},
        "tasks": {"type": "field"},
        "model": {"type": "mlp", "hidden": [8]},
        "optimizer": {"type": "adam", "lr": 0.01},
        "learner": {"batch": 7},
        "adapters": adapters,
        "strategies": [{"type": "replay", "rows": 40}, {"type": "ewc", "fisher_rows": 20, "every_events": 60}],
        "retention": {"probe_share": 0.2, "probe_rows": 10, "every_events": 50, "max_tasks": 3},
        "checkpoint": {"directory": "unused"},
        **sections,
    }
    return build_pipeline(Config.model_validate(options), stopwatch=Stopwatch())


def stream() -> list[LocalRecord]:
    return events(STRETCHES, seed=3)


@pytest.mark.parametrize("sizes", [(1,), (3, 11, 2), (200,)], ids=str)
@pytest.mark.parametrize("case", ADAPTERS)
def test_how_records_are_grouped_makes_no_difference(case: str, sizes: tuple[int, ...]) -> None:
    records, made = stream(), [pipeline(ADAPTERS[case]) for _ in range(2)]
    made[0].process(records)
    for part in chunks(len(records), sizes):
        if records[part]:
            made[1].process(records[part])
    for each in made:
        each.finish()
    assert_same_state(made[0].state_dict(), made[1].state_dict())


@pytest.mark.parametrize("stop", [20, 46, 90])
@pytest.mark.parametrize("case", ADAPTERS)
def test_a_resumed_run_is_the_same_run(case: str, stop: int) -> None:
    records, straight, resumed = stream(), pipeline(ADAPTERS[case]), pipeline(ADAPTERS[case])
    straight.process(records[:stop])
    resumed.load_state_dict(copy_tree(straight.state_dict()))
    for each in (straight, resumed):
        each.process(records[stop:])
        each.finish()
    assert_same_state(straight.state_dict(), resumed.state_dict())


def test_opposite_tasks_do_not_disturb_each_other_with_a_head_per_task() -> None:
    """The same rows mean another class in each task: one head can't know both, two can."""
    records = events([Stretch(task, 60) for _ in range(12) for task in ("one", "two")], seed=5)
    scores = {}
    for name, adapters in (("one", []), ("each", ADAPTERS["heads"])):
        retention = {"probe_share": 0.2, "probe_rows": 100}
        made = pipeline(adapters, strategies=[], optimizer={"type": "adam", "lr": 0.02}, retention=retention)
        made.process(records)
        made.finish()
        assert made.main is not None
        tasks = made.main.scored.evaluator.figures().tasks.values()
        scores[name] = min(task.now for task in tasks if task.now is not None)
    assert scores["each"] > scores["one"] + 0.1
