"""The committee for numbers: the same whatever the grouping, as good as its best expert, and hard to spoil."""

from __future__ import annotations

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
from daemon.state.state_tree import copy_tree
from tests.daemon.event_stream import Stretch, events
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from daemon.learning.pipeline import Pipeline
    from daemon.learning.snapshot import CommitteeSnapshot

    Floats = NDArray[np.float64]

CONFIG: dict[str, Any] = {
    "source": {"type": "file", "path": "unused"},
    "decoder": {"type": "json", "label": "y", "first_events": 1},
    "label": {"type": "number"},
    "learner": {"batch": 16, "steps": "auto"},
    "checkpoint": {"directory": "unused"},
    "predictions": {"type": "file", "path": "unused"},
    "committee": {},
    "companions": {"naive": None, "frozen": None},
}
VARIED = {
    "decoder": {"type": "json", "label": "y", "task": "task", "missing": "mean"},
    "tasks": {"type": "field"},
    "retention": {"probe_share": 0.2, "probe_rows": 10, "window": 30, "min_segment_events": 5},
}
SIZES = st.lists(st.integers(1, 23), min_size=1, max_size=4)


def made(**sections: Any) -> Pipeline:
    return build_pipeline(Config.model_validate(CONFIG | sections), stopwatch=Stopwatch())


def records(x: Floats, label: Floats) -> list[LocalRecord]:
    rows = enumerate(zip(x.tolist(), label.tolist(), strict=True))
    return [
        LocalRecord("s", 0, offset, -1, None, orjson.dumps({"a": a, "b": b, "y": y}), [])
        for offset, ((a, b), y) in rows
    ]


def fed(pipeline: Pipeline, stream: Sequence[LocalRecord], *, sizes: Sequence[int] = (64,)) -> list[Any]:
    """What is published of events that come in groups of these sizes, again and again."""
    said, start, turn = [], 0, 0
    while start < len(stream):
        stop = start + sizes[turn % len(sizes)]
        said += [prediction.prediction for prediction in pipeline.process(stream[start:stop]).predictions]
        start, turn = stop, turn + 1
    return said


def committee_of(pipeline: Pipeline) -> CommitteeSnapshot:
    snapshot = pipeline.snapshot().committee
    assert snapshot is not None
    return snapshot


def state_of(pipeline: Pipeline) -> dict[str, Any]:
    return copy_tree(pipeline.state_dict())


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 99), one=SIZES, other=SIZES, stop=st.integers(1, 99))
def test_grouping_and_a_restart_in_an_open_block_change_no_bit(
    seed: int, one: list[int], other: list[int], stop: int
) -> None:
    stream = events([Stretch("P", 60), Stretch("Q", 40)], seed=seed, regression=True, missing_share=0.05)
    whole, first, again = made(**VARIED), made(**VARIED), made(**VARIED)
    expected = fed(whole, stream, sizes=one)
    said = fed(first, stream[:stop], sizes=other)
    again.load_state_dict(state_of(first))
    assert_same_state(state_of(first), state_of(again))
    assert said + fed(again, stream[stop:], sizes=other) == expected
    assert_same_state(state_of(whole), state_of(again))


def test_more_inputs_than_the_closed_form_takes_are_projected_and_change_no_bit() -> None:
    x = np.random.default_rng(0).normal(size=(40, 70))
    values = [{f"f{place}": value for place, value in enumerate(row)} | {"y": row[0]} for row in x.tolist()]
    stream = [LocalRecord("s", 0, at, -1, None, orjson.dumps(value), []) for at, value in enumerate(values)]
    whole, single = made(), made()
    assert fed(whole, stream) == fed(single, stream, sizes=[1, 5])
    assert_same_state(state_of(whole), state_of(single))


def walk_then_rule(rows: int, *, switch: int) -> tuple[Floats, Floats]:
    """A walk that the inputs say nothing of, then a rule of the inputs alone; far from zero."""
    chance = np.random.default_rng(5)
    x = chance.normal(size=(rows, 2))
    walk, rule = np.cumsum(chance.normal(size=rows)), 10 * np.tanh(x[:, 0]) - 5 * x[:, 1]
    return x, np.where(np.arange(rows) < switch, walk, rule) + 1_000


def errors(x: Floats, label: Floats) -> Floats:
    said = np.array(fed(made(), records(x, label)), dtype=np.float64)
    assert np.isfinite(said[1:]).all()
    assert np.isnan(said[0])  # before the first label nobody says anything
    return np.abs(np.nan_to_num(said, nan=label[0]) - label)


def test_on_a_stream_that_switches_it_is_about_as_good_as_the_best_on_each_stretch() -> None:
    x, label = walk_then_rule(1_000, switch=500)
    error = errors(x, label)
    last = np.abs(np.diff(label, prepend=label[0]))
    assert error[10:500].mean() < 1.1 * last[10:500].mean()
    assert error[700:].mean() < 0.3 * last[700:].mean()


@pytest.mark.parametrize(("field", "broken"), [("label", 1e9), ("label", -3.4e38), ("input", 1e30)])
def test_a_broken_reading_does_not_spoil_it_for_good(field: str, broken: float) -> None:
    x, label = walk_then_rule(1_500, switch=500)
    # The main learner's inputs are safe from such values after a thousand events.
    if field == "label":
        label[1_050] = broken
    else:
        x[1_050, 0] = broken
    last = np.abs(np.diff(label))
    assert errors(x, label)[1_300:].mean() < 0.15 * last[1_300:].mean()


def test_the_first_block_far_from_zero_is_answered_with_the_last_value() -> None:
    label = 1e4 + np.arange(4.0)
    said = fed(made(), records(np.zeros((4, 2)), label))
    assert said[1:] == label[:-1].tolist()


def test_experts_are_named_and_their_weights_add_up_to_one() -> None:
    pipeline = made()
    fed(pipeline, records(*walk_then_rule(60, switch=30)))
    weights = committee_of(pipeline).weights
    assert list(weights)[:3] == ["main", "last_value", "mean"]
    assert sum(weights.values()) == pytest.approx(1)


def test_a_broken_reading_in_the_first_block_does_not_either() -> None:
    x, label = walk_then_rule(600, switch=0)
    label[2] = 1e30
    last = np.abs(np.diff(label))
    assert errors(x, label)[400:].mean() < 0.5 * last[400:].mean()
