"""Intervals hold the wished share of the labels over any 5,000 events, whatever the stream does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.prediction_json import to_json
from daemon.build.pipeline import build_pipeline
from daemon.config.schema import Config
from daemon.learning.stopwatch import Stopwatch
from daemon.scoring.intervals import AdaptiveIntervals
from daemon.state.state_tree import copy_tree, flatten, unflatten
from tests.daemon.event_stream import Stretch, events
from tests.daemon.learning.test_pipeline import BASE
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from connectors.sink import Prediction
    from daemon.learning.pipeline import Pipeline

ANY = 5_000
KINDS = {
    "gaussian": lambda chance, rows: chance.normal(size=rows),
    "heavy tails": lambda chance, rows: chance.standard_t(2, size=rows),
    "growing": lambda chance, rows: chance.normal(size=rows) * np.exp(np.arange(rows) / 400),
    "two sizes": lambda chance, rows: chance.normal(size=rows) * np.where(chance.random(rows) < 0.1, 100, 1),
    "a wave": lambda chance, rows: chance.normal(size=rows) * (1.1 + np.sin(np.arange(rows) / 50)),
}
STRETCH = st.tuples(
    st.sampled_from(sorted(KINDS)),
    st.integers(500, 4_000),
    st.sampled_from([0.001, 1.0, 1e6]),
    st.integers(0, 2),
)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(stretches=st.lists(STRETCH, min_size=3, max_size=6), coverage=st.sampled_from([0.5, 0.8, 0.9, 0.99]))
def test_coverage_is_as_wished_over_any_5000_events_with_abrupt_changes(
    stretches: list[tuple[str, int, float, int]], coverage: float
) -> None:
    chance = np.random.default_rng(len(stretches))
    label = np.concatenate([KINDS[kind](chance, rows) * size for kind, rows, size, _ in stretches])
    task = np.concatenate([np.full(rows, code) for _, rows, _, code in stretches])
    label, task = np.tile(label, 1 + ANY // len(label)), np.tile(task, 1 + ANY // len(task))
    halves = AdaptiveIntervals(coverage, window=1_000).follow(np.zeros(len(label)), label=label, task=task)
    within = np.concatenate([[0], np.cumsum(np.abs(label) <= halves)])
    shares = (within[ANY:] - within[:-ANY]) / ANY
    assert abs(shares.min() - coverage) < 0.01
    assert abs(shares.max() - coverage) < 0.01


def test_intervals_are_no_wider_than_they_have_to_be() -> None:
    label = np.random.default_rng(1).normal(size=20_000)
    halves = AdaptiveIntervals(0.9, window=1_000).follow(
        np.zeros(len(label)), label=label, task=np.zeros(len(label), dtype=np.int64)
    )
    assert np.isfinite(halves[1_000:]).mean() > 0.98
    assert np.median(halves) == pytest.approx(1.645, rel=0.1)


def test_memory_is_bounded_and_a_merged_task_gives_its_number_away() -> None:
    intervals = AdaptiveIntervals(0.9, window=100)
    label = np.random.default_rng(2).normal(size=3_000)
    intervals.follow(np.zeros(3_000), label=label, task=np.repeat([0, 1, 2], 1_000))
    sizes = {name: len(leaf) for name, leaf in flatten(intervals.state_dict()).leaves.items()}
    assert max(sizes.values()) == 500
    intervals.merge_task(1, into=2)
    scores = intervals.scores({0: "day", 1: "night", 2: "__other__"})
    assert list(scores) == ["day", "__other__"]
    assert scores["day"].samples == 100
    assert intervals.half_width(1) == np.inf


def pipeline_of(label: dict[str, Any]) -> Pipeline:
    return build_pipeline(Config.model_validate(BASE | {"label": label}), stopwatch=Stopwatch())


def test_an_interval_is_published_with_a_number_and_survives_a_restart_in_any_groups() -> None:
    number = {"type": "number", "coverage": 0.8}
    records = events([Stretch(task, 100) for task in "PQP"], seed=5, regression=True, level=1e9)
    whole, parts = pipeline_of(number), pipeline_of(number)
    at_once = whole.process(records).predictions
    said: list[Prediction] = []
    for start in range(0, len(records), 30):
        said += parts.process(records[start : start + 30]).predictions
        restarted = pipeline_of(number)
        restarted.load_state_dict(unflatten(flatten(parts.state_dict()).copy()))
        parts = restarted
    assert said == at_once
    assert_same_state(copy_tree(whole.state_dict()), copy_tree(parts.state_dict()))
    bounded = [each for each in at_once if each.interval is not None and each.interval[0] is not None]
    within = [each.interval[0] <= each.label <= each.interval[1] for each in bounded]  # type: ignore[index,operator]
    assert 0.6 < np.mean(within) < 0.95
    assert json.loads(to_json(at_once[-1]))["interval"] == list(at_once[-1].interval or ())
    assert whole.snapshot().intervals["P"].samples == BASE["retention"]["window"]
    predictor = whole.event_predictor(copied=True)
    assert predictor is not None
    assert predictor.half_widths is not None
    assert set(predictor.half_widths) == {0, 1}


def test_a_state_from_before_begins_its_intervals_anew() -> None:
    records = events([Stretch("P", 60)], seed=5, regression=True)
    before = pipeline_of({"type": "number"})
    before.process(records)
    after = pipeline_of({"type": "number", "coverage": 0.9})
    after.load_state_dict(unflatten(flatten(before.state_dict()).copy()))
    assert after.process(records[:1]).predictions[0].interval == (None, None)


def test_the_likeliest_classes_are_published_where_they_are_asked_for() -> None:
    records = events([Stretch("P", 100)], seed=5)
    pipeline = pipeline_of({"type": "class", "max_classes": 3, "top": 2})
    last = pipeline.process(records).predictions[-1]
    assert last.probabilities is not None
    assert next(iter(last.probabilities)) == last.prediction
    assert last.probabilities[str(last.prediction)] == pytest.approx(last.confidence)
    assert len(last.probabilities) == 2
    assert "probabilities" in json.loads(to_json(last))
    plain = pipeline_of({"type": "class", "max_classes": 3}).process(records).predictions[-1]
    assert set(json.loads(to_json(plain))) & {"probabilities", "interval"} == set()
