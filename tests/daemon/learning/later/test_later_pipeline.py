from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from daemon.build.pipeline import build_pipeline
from daemon.config.schema import Config
from daemon.learning.stopwatch import Stopwatch
from daemon.state.state_tree import copy_tree, flatten, unflatten
from tests.daemon.learning.later.late_stream import labelled_later, sensors
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.record import LocalRecord
    from connectors.sink import Prediction
    from daemon.learning.pipeline import Pipeline
    from daemon.learning.snapshot import LaterSnapshot

JSON: dict[str, Any] = {"type": "json", "task": "task", "first_events": 6, "missing": "mean"}
BASE: dict[str, Any] = {
    "source": {"type": "file", "path": "unused"},
    "decoder": JSON,
    "tasks": {"type": "field"},
    "model": {"type": "mlp", "hidden": [4]},
    "learner": {"batch": 7},
    "strategies": [{"type": "replay", "rows": 20}, {"type": "ewc", "fisher_rows": 10, "every_events": 50}],
    "companions": {"naive": {"every_blocks": 1}, "frozen": {"every_blocks": 2}, "fresh": {}},
    "committee": {},
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
LAGS = {"per_key": True, "max_keys": 2, "label_lags": 2, "lags": [{"field": "a"}]}
TOPIC = {"from": "topic", "topic": "labels", "field": "y", "type": "class", "max_classes": 3}
ODD = {"one_in": 20, "window": 100, "quiet": 2, "max_keys": 2}
PAGE_HINKLEY = {"type": "drift", "detector": "page_hinkley", "threshold": 1.0, "delta": 0.01, "min_events": 10}
BRIEF = BASE["retention"] | {"max_tasks": 1, "alive_events": 4}

IN_THE_STREAM: dict[str, dict[str, Any]] = {
    "the value some events ahead": {
        "label": {"from": "stream", "field": "a", "ahead": 3},
        "features": LAGS,
        "anomalies": ODD,
    },
    "the value some time ahead": {
        "label": {"from": "stream", "field": "a", "ahead": "30s", "horizon": "50s"},
        "committee": None,
        "anomalies": ODD,
    },
    "the difference": {"target": {"field": "a", "ahead": 2, "as": "difference"}, "learner": {"batch": 32}},
    "the sign": {"target": {"field": "a", "ahead": 1, "as": "sign"}, "features": LAGS, "learner": {"batch": 1}},
    "the return, drift by Page-Hinkley": {
        "target": {"field": "a", "ahead": 4, "as": "return"},
        "tasks": PAGE_HINKLEY,
    },
    "the value, and drifts that make room": {
        "target": {"field": "a", "ahead": 6},
        "tasks": PAGE_HINKLEY | {"threshold": 0.3},
        "retention": BRIEF | {"max_tasks": 2},
        "committee": None,
    },
    "above the median, with little room": {
        "label": {
            "from": "stream", "field": "a", "ahead": 20, "as": "above_median", "window": 5, "max_waiting": 30,
            "publish_expired": True,
        },
        "retention": BRIEF,
    },
}  # fmt: skip
IN_RECORDS: dict[str, dict[str, Any]] = {
    "by key": {"label": TOPIC, "features": LAGS, "strategies": "default"},
    "by key, within a horizon": {
        "label": TOPIC | {"horizon": "40s", "publish_expired": True},
        "tasks": PAGE_HINKLEY,
    },
    "by key and time": {"label": TOPIC | {"by": "key_and_time"}, "decoder": JSON | {"time": "t"}},
    "by an id, with little room": {"label": TOPIC | {"id": "id", "max_waiting": 25}, "retention": BRIEF},
    "of a number": {"label": TOPIC | {"type": "number", "max_classes": None}, "committee": {}},
    "of a number, with intervals": {
        "label": TOPIC | {"type": "number", "max_classes": None, "coverage": 0.8},
        "retention": BRIEF,
    },
    "on one topic": {"label": TOPIC | {"topic": None, "where": {"kind": "label"}}},
}
CASES = IN_THE_STREAM | IN_RECORDS


def options(case: str) -> dict[str, Any]:
    found = BASE | CASES[case]
    label = {name: value for name, value in (found.get("label") or {}).items() if value is not None}
    return found | ({"label": label} if label else {})


def new_pipeline(case: str) -> Pipeline:
    return build_pipeline(Config.model_validate(options(case)), stopwatch=Stopwatch())


def stream(case: str, *, rows: int, seed: int) -> list[LocalRecord]:
    if case in IN_THE_STREAM:
        return sensors(rows, seed=seed, missing=0.1)
    return labelled_later(rows, seed=seed, number=case.startswith("of a number"), one_topic=case == "on one topic")


def learn(pipeline: Pipeline, records: Sequence[LocalRecord], *, sizes: Sequence[int]) -> list[Prediction]:
    said: list[Prediction] = []
    start = 0
    for size in cycle(sizes):
        if start >= len(records):
            return said
        said += pipeline.process(records[start : start + size]).predictions
        start += size
    raise AssertionError("there are no sizes")


def later(pipeline: Pipeline) -> LaterSnapshot:
    snapshot = pipeline.snapshot().later
    assert snapshot is not None
    return snapshot


def through_a_checkpoint(pipeline: Pipeline, case: str) -> Pipeline:
    restored = new_pipeline(case)
    restored.load_state_dict(unflatten(flatten(pipeline.state_dict()).copy()))
    return restored


@pytest.mark.parametrize("case", CASES)
@settings(max_examples=2, derandomize=True, phases=[Phase.generate])
@given(data=st.data())
def test_neither_grouping_nor_a_restart_changes_a_bit_of_state_or_a_prediction(
    case: str, data: st.DataObject
) -> None:
    records = stream(case, rows=data.draw(st.integers(60, 130)), seed=data.draw(st.integers(0, 99)))
    sizes = data.draw(st.lists(st.integers(1, 40), min_size=1, max_size=4))
    cut = data.draw(st.integers(0, len(records)))
    whole = new_pipeline(case)
    at_once = learn(whole, records, sizes=[len(records)])
    expected = copy_tree(whole.state_dict())
    before = new_pipeline(case)
    in_groups = learn(before, records[:cut], sizes=sizes)
    after = through_a_checkpoint(before, case)
    assert_same_state(copy_tree(before.state_dict()), copy_tree(after.state_dict()))
    in_groups += learn(after, records[cut:], sizes=sizes)
    assert_same_state(expected, copy_tree(after.state_dict()))
    assert at_once == in_groups
    assert later(whole) == later(after)


def test_labels_without_a_delay_are_worth_what_they_are_in_the_event() -> None:
    records = [each for each in labelled_later(800, seed=5) if each.topic == "stream"]
    told = [each._replace(value=with_label(each.value)) for each in records]
    own = {"committee": {}, "strategies": "default", "tasks": {"type": "none"}}
    decoder = {"type": "json", "features": ["a", "b"]}
    options = BASE | own | {"retention": {"probe_share": 0.0}, "learner": {"batch": 32}, "companions": {}}
    inside = {"decoder": decoder | {"label": "y"}, "label": {"max_classes": 3}}
    later_on = {"decoder": decoder, "label": TOPIC | {"id": "id"}}
    scores = []
    for sections in (inside, later_on):
        pipeline = build_pipeline(Config.model_validate(options | sections), stopwatch=Stopwatch())
        learn(pipeline, told, sizes=[400])
        committee = pipeline.snapshot().committee
        assert committee is not None
        scores.append(committee.scores.total.accuracy)
    assert None not in scores
    assert scores[0] > 0.8  # type: ignore[operator]  # neither is None
    assert scores[1] == pytest.approx(scores[0], abs=0.02)


def with_label(value: bytes | None) -> bytes:
    fields = orjson.loads(value or b"{}")
    return orjson.dumps({**fields, "y": ["no", "yes"][int(fields["a"] + fields["b"] > 0)]})


def test_events_that_share_an_identity_are_told_of_once() -> None:
    records = [each for each in labelled_later(300, seed=1) if each.topic == "stream"]
    pipeline = new_pipeline("by key")
    with capture_logs() as logs:
        learn(pipeline, [each._replace(key=b"one machine") for each in records], sizes=[50])
    told = [line for line in logs if "identity" in line["event"]]
    assert [line["remedy"] for line in told] == [
        "join labels by what only one event has: label.by: key_and_time, or label.id"
    ]
    assert later(pipeline).outcomes["resent"] == len(records) - 1
