from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.record import LocalRecord
from daemon.build.pipeline import build_pipeline
from daemon.config.schema import Config
from daemon.learning.stopwatch import Stopwatch
from daemon.state.state_tree import copy_tree, flatten, unflatten
from tests.daemon.event_stream import FIELDS, Stretch, events
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemon.learning.pipeline import Outcome, Pipeline

CLASS: dict[str, Any] = {"type": "class", "max_classes": 3}
NUMBER: dict[str, Any] = {"type": "number"}
DECODER: dict[str, Any] = {"type": "json", "label": "y", "task": "task", "missing": "mean", "first_events": 6}
BASE: dict[str, Any] = {
    "source": {"type": "file", "path": "unused"},
    "decoder": DECODER,
    "label": CLASS,
    "tasks": {"type": "field"},
    "model": {"type": "mlp", "hidden": [8]},
    "optimizer": {"type": "adam", "lr": 0.01},
    "learner": {"batch": 7},
    "strategies": [
        {"type": "replay", "rows": 40},
        {"type": "ewc", "fisher_rows": 20, "every_events": 60},
    ],
    "retention": {
        "probe_share": 0.2,
        "probe_rows": 10,
        "every_events": 50,
        "window": 30,
        "max_tasks": 3,
        "min_segment_events": 5,
    },
    "checkpoint": {"directory": "unused"},
    "predictions": {"type": "file", "path": "unused"},
}
FEATURES = {
    "per_key": True,
    "max_keys": 2,
    "lags": [{"field": "a", "steps": [1, 3]}],
    "differences": [{"field": "b"}],
    "label_lags": 2,
    "rolling": [{"field": "c", "window": 4}],
    "hour": True,
    "cyclic": [{"field": "time", "period": "day"}],
}
FAR = "values far from zero"
PAGE_HINKLEY = {"type": "drift", "detector": "page_hinkley", "threshold": 1.0, "delta": 0.01, "min_events": 10}
KSWIN = {"type": "drift", "detector": "kswin", "average": 1, "window": 20, "recent": 10, "alpha": 0.2}

BRIEF = BASE["retention"] | {"max_tasks": 2, "alive_events": 4}

CASES: dict[str, dict[str, Any]] = {
    "the default strategies": {},
    "one event a step": {"learner": {"batch": 1}},
    "blocks of 32": {"learner": {"batch": 32, "clip_norm": 0.5, "updates_per_batch": 2}},
    "stream features": {"features": FEATURES, "decoder": DECODER | {"features": list(FIELDS)}},
    "stream features of the last values": {
        "features": FEATURES | {"per_key": False},
        "decoder": DECODER | {"features": list(FIELDS), "missing": "last"},
    },
    "nothing standardised, nothing rehearsed": {
        "learner": {"batch": 32, "standardise": False},
        "model": {"type": "mlp", "hidden": [64, 64]},
        "strategies": [{"type": "ewc", "fisher": "sampled", "fisher_rows": 20, "every_events": None}],
    },
    "closed form": {"model": {"type": "closed_form", "features": 20}, "strategies": []},
    "closed form that forgets, of a number": {
        "model": {"type": "closed_form", "features": 20, "forgetting": 0.99, "solve_every": 16},
        "strategies": [],
        "label": NUMBER,
        "learner": {"batch": 8, "updates_per_event": 0.1},
        "companions": {
            "frozen": {"every_blocks": 2},
            "challenger": {"strategies": [], "learner": {"standardise": False}},
        },
    },
    "closed form, drift by Page-Hinkley": {
        "model": {"type": "closed_form", "features": 20},
        "strategies": [],
        "tasks": PAGE_HINKLEY,
    },
    "naive": {"strategies": [], "optimizer": {"type": "sgd", "lr": 0.05}, "model": {"type": "linear"}},
    "class-balanced replay": {"strategies": [{"type": "replay", "rows": 15, "policy": "class_balanced"}]},
    "task-balanced replay": {
        "strategies": [{"type": "replay", "bytes": 1500, "policy": "task_balanced", "storage": "float16"}]
    },
    "two replays": {
        "strategies": [
            {"type": "replay", "rows": 15, "storage": "uint8", "range": [-3, 3]},
            {"type": "replay", "rows": 9},
            {"type": "ewc", "fisher": "empirical", "fisher_rows": 8},
        ]
    },
    "regression": {"label": NUMBER},
    FAR: {"label": NUMBER, "features": FEATURES, "decoder": DECODER | {"missing": "last"}},
    "companions": {
        "companions": {
            "naive": {"every_blocks": 1, "every_examinations": 1},
            "frozen": {"every_blocks": 2, "every_examinations": 3},
            "challenger": {"strategies": [{"type": "replay", "rows": 9}], "learner": {"updates_per_batch": 2}},
        }
    },
    "companions that wait for drift": {
        "tasks": PAGE_HINKLEY,
        "companions": {"naive": {"every_blocks": 3}, "frozen": {"every_blocks": 1}},
    },
    "regression as it is": {"label": NUMBER | {"standardise": False}, "learner": {"batch": 32}},
    "a step every tenth event": {"learner": {"batch": 7, "updates_per_event": 0.1}, "label": NUMBER},
    "three steps an event, ten a task": {
        "learner": {"batch": 2, "updates_per_event": 3, "updates_per_task": 10},
        "optimizer": {
            "type": "sgd",
            "schedule": {"type": "cosine", "steps": 9, "warm_up": 2, "restart": "boundary"},
        },
    },
    "smaller steps after each boundary": {
        "optimizer": {"type": "adam", "schedule": {"type": "inverse_sqrt", "steps": 5, "per_boundary": 0.5}}
    },
    "tasks that make room": {"retention": BRIEF, "companions": {"challenger": {"strategies": [{"type": "mas"}]}}},
    "tasks that make room in balanced replay": {
        "retention": BRIEF,
        "strategies": [{"type": "replay", "rows": 15, "policy": "task_balanced"}],
        "learner": {"batch": 7, "updates_per_event": 0.1},
        "label": NUMBER,
        "committee": {},
    },
    "tasks that interleave": {
        "retention": BRIEF | {"boundary_events": 20, "min_segment_events": 1_000},
        "companions": {"frozen": {"every_blocks": 1}, "challenger": {"strategies": []}},
    },
    "tasks that make room in heads": {"retention": BRIEF, "adapters": [{"type": "heads"}], "committee": {}},
    "tasks that make room in columns": {
        "retention": BRIEF,
        "adapters": [{"type": "progressive", "max_columns": 2}],
        "strategies": [],
    },
    "one task, and drifts that make room": {"tasks": PAGE_HINKLEY, "retention": BRIEF},
    "times that make room": {"tasks": {"type": "schedule", "every": "1m"}, "retention": BRIEF},
    "one task": {"tasks": {"type": "none"}},
    "tasks by count": {"tasks": {"type": "schedule", "every_events": 20, "cycle": 2}},
    "tasks by time": {"tasks": {"type": "schedule", "every": "1m"}},
    "drift by Page-Hinkley": {"tasks": PAGE_HINKLEY},
    "drift by Page-Hinkley, one event a step": {"tasks": PAGE_HINKLEY, "learner": {"batch": 1}},
    "drift by KSWIN": {"tasks": KSWIN | {"min_events": 10}, "label": NUMBER},
}


def config(case: str) -> Config:
    return Config.model_validate(BASE | CASES[case])


def new_pipeline(case: str) -> Pipeline:
    return build_pipeline(config(case), stopwatch=Stopwatch())


@st.composite
def streams(draw: st.DrawFn, case: str) -> list[LocalRecord]:
    stretch = st.builds(Stretch, task=st.sampled_from("PQRST"), rows=st.integers(1, 40))
    return events(
        draw(st.lists(stretch, min_size=1, max_size=6)),
        seed=draw(st.integers(0, 999)),
        regression=CASES[case].get("label", CLASS)["type"] == "number",
        bad_share=draw(st.sampled_from([0.0, 0.1, 0.5])),
        missing_share=draw(st.sampled_from([0.0, 0.1])),
        classes=4,
        level=1.76e9 if case == FAR else 0.0,
    )


SIZES = st.lists(st.integers(1, 50), min_size=1, max_size=5)


def learn(pipeline: Pipeline, records: Sequence[LocalRecord], *, sizes: Sequence[int]) -> list[Outcome]:
    """Let the pipeline have the records in groups of these sizes, again and again."""
    outcomes: list[Outcome] = []
    start = 0
    for size in cycle(sizes):
        if start >= len(records):
            return outcomes
        outcomes.append(pipeline.process(records[start : start + size]))
        start += size
    raise AssertionError("there are no sizes")


def state_of(pipeline: Pipeline) -> dict[str, Any]:
    return copy_tree(pipeline.state_dict())


def said(outcomes: list[Outcome]) -> list[Any]:
    return [prediction for outcome in outcomes for prediction in outcome.predictions]


def rejected(outcomes: list[Outcome]) -> list[Any]:
    """Rejects by offset: within one call they come stage by stage."""
    return sorted((each for outcome in outcomes for each in outcome.rejects), key=lambda each: each.record.offset)


def through_a_checkpoint(pipeline: Pipeline, case: str) -> Pipeline:
    """A new pipeline that knows nothing but what a checkpoint of the old one holds."""
    flat = flatten(pipeline.state_dict()).copy()
    restored = new_pipeline(case)
    restored.load_state_dict(unflatten(flat))
    return restored


@pytest.mark.parametrize("case", CASES)
@settings(max_examples=8, derandomize=True)
@given(data=st.data())
def test_neither_grouping_nor_a_restart_changes_a_bit_of_state_or_a_prediction(
    case: str, data: st.DataObject
) -> None:
    records, sizes = data.draw(streams(case)), data.draw(SIZES)
    cut = data.draw(st.integers(0, len(records)))
    whole = new_pipeline(case)
    at_once = learn(whole, records, sizes=[len(records)])
    expected = state_of(whole)
    before = new_pipeline(case)
    in_groups = learn(before, records[:cut], sizes=sizes)
    after = through_a_checkpoint(before, case)
    assert_same_state(state_of(before), state_of(after))
    in_groups += learn(after, records[cut:], sizes=sizes)
    assert_same_state(expected, state_of(after))
    assert said(at_once) == said(in_groups)
    assert rejected(at_once) == rejected(in_groups)


@pytest.mark.parametrize("case", ["the default strategies", "stream features", "drift by Page-Hinkley"])
def test_neither_matters_over_a_longer_stream(case: str) -> None:
    records = events([Stretch(task, 150) for task in "PQPRQSTP"], seed=7, bad_share=0.1, missing_share=0.1)
    whole = new_pipeline(case)
    learn(whole, records, sizes=[len(records)])
    expected = state_of(whole)
    part = new_pipeline(case)
    for start in range(0, len(records), 250):
        learn(part, records[start : start + 250], sizes=[1, 9, 40])
        part = through_a_checkpoint(part, case)
    assert_same_state(expected, state_of(part))


def test_it_does_not_matter_where_in_memory_the_rows_of_a_micro_batch_lie() -> None:
    # MKL rounds a matrix product differently where its operands are aligned differently.
    chance = np.random.default_rng(4)
    names = [f"x{place}" for place in range(13)]
    values = [
        orjson.dumps(dict(zip(names, row.tolist(), strict=True)) | {"y": float(row @ row), "task": "P"})
        for row in chance.normal(size=(230, len(names)))
    ]
    records = [LocalRecord("stream", 0, place, -1, None, value, []) for place, value in enumerate(values)]
    options = BASE | {
        "label": NUMBER,
        "learner": {"batch": 7, "standardise": False},
        "model": {"type": "mlp", "hidden": [8]},
        "strategies": [],
        "retention": {"probe_share": 0.0},
    }
    states = []
    for sizes in ([230], [3], [7], [8, 7]):
        pipeline = build_pipeline(Config.model_validate(options), stopwatch=Stopwatch())
        learn(pipeline, records, sizes=sizes)
        states.append(state_of(pipeline))
    for state in states[1:]:
        assert_same_state(states[0], state)
