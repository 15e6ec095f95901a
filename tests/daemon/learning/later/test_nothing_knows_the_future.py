"""Streams in which only the future tells the label: whoever is better than chance has looked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from daemon.build.pipeline import build_any_pipeline, build_pipeline
from daemon.config.schema import Config
from daemon.learning.stopwatch import Stopwatch
from tests.daemon.learning.later.late_stream import START, record

if TYPE_CHECKING:
    from connectors.record import LocalRecord
    from daemon.learning.snapshot import PipelineSnapshot
    from daemon.scoring.prequential_score import PrequentialScore

ROWS = 1_000
AHEAD = 5
KEYS = [b"a", b"b"]
LAGS = {"per_key": True, "label_lags": 3, "lags": [{"field": "a", "steps": [1, 2]}]}
STREAM: dict[str, Any] = {"from": "stream", "field": "a", "ahead": AHEAD}
TOPIC: dict[str, Any] = {"from": "topic", "topic": "labels", "field": "y", "type": "class", "max_classes": 2}

CLASSES: dict[str, dict[str, Any]] = {
    "above the median": STREAM | {"as": "above_median", "window": 9},
    "a class of later": STREAM | {"field": "c", "type": "class", "max_classes": 2},
    "on a topic": TOPIC,
    "on a topic, by time": TOPIC | {"by": "key_and_time"},
    "told by a field": {**TOPIC, "topic": None, "where": {"kind": "label"}},
}
NUMBERS: dict[str, dict[str, Any]] = {
    "the value in time": STREAM | {"ahead": "60s"},
    "on a topic": TOPIC | {"type": "number", "max_classes": None},
}


def noise() -> list[LocalRecord]:
    """Values without a pattern, under two keys."""
    chance = np.random.default_rng(7)
    records = []
    for row in range(ROWS):
        time, key = START + row * 10_000, KEYS[row % 2]
        fields = {"a": float(chance.normal()), "c": "xy"[int(chance.integers(2))], "id": row, "kind": "event"}
        records.append(record("stream", row, time, key, fields))
    return records


def with_labels(events: list[LocalRecord], *, number: bool, one_topic: bool) -> list[LocalRecord]:
    """The same, with a label for each some events later that has nothing to do with it."""
    chance = np.random.default_rng(8)
    records, said = [], []
    for row, event in enumerate(events):
        records.append(event)
        y: Any = float(chance.normal()) if number else "xy"[int(chance.integers(2))]
        said.append(y)
        if row >= AHEAD:
            place, topic = row - AHEAD, "stream" if one_topic else "labels"
            of = events[place]
            fields = {"y": said[place], "id": place, "kind": "label"}
            records.append(record(topic, 10_000 + row, of.timestamp, of.key, fields))
    return records


def run(label: dict[str, Any], *, number: bool) -> PipelineSnapshot:
    own = {name: value for name, value in label.items() if value is not None}
    decoder: dict[str, Any] = {"type": "json"}
    features: dict[str, Any] = LAGS
    events = noise()
    if own["from"] == "topic":
        decoder |= {"features": ["a"]}
        own |= {} if own.get("by") else {"id": "id"}
        events = with_labels(events, number=number, one_topic="where" in own)
    elif own["field"] == "c":
        decoder |= {"features": ["a"]}
    config = {
        "source": {"type": "file", "path": "unused"},
        "decoder": decoder,
        "label": own,
        "features": features,
        "learner": {"steps": "fixed"},
        "companions": {"naive": {"every_blocks": 1}, "fresh": {}},
        "checkpoint": {"directory": "unused"},
    }
    pipeline = build_pipeline(Config.model_validate(config), stopwatch=Stopwatch())
    for start in range(0, len(events), 400):
        assert pipeline.process(events[start : start + 400]).rejects == []
    pipeline.finish()
    return pipeline.snapshot()


def scores(snapshot: PipelineSnapshot) -> dict[str, PrequentialScore]:
    """What everybody has said on arrival, but for the frozen learner, who has not begun."""
    assert snapshot.committee is not None
    learners = {name: each.scores.total for name, each in snapshot.learners.items() if name != "frozen"}
    return learners | {"committee": snapshot.committee.scores.total}


@pytest.mark.parametrize("case", CLASSES)
def test_classes_that_only_the_future_tells_are_guessed(case: str) -> None:
    snapshot = run(CLASSES[case], number=False)
    for name, score in scores(snapshot).items():
        assert score.rows > ROWS - 100
        assert score.accuracy is not None
        # Four deviations of so many fair guesses; what depends on the event's own value may be known.
        best = 0.5 + (0.09 if "median" in case else 0.065)
        assert score.accuracy < best, (name, score.accuracy)


@pytest.mark.parametrize("case", NUMBERS)
def test_numbers_that_only_the_future_tells_are_not_known(case: str) -> None:
    for name, score in scores(run(NUMBERS[case], number=True)).items():
        assert score.rows > ROWS - 150
        assert score.r2 is not None
        assert score.r2 < 0.02, (name, score.r2)


def test_nobody_knows_more_of_one_target_by_another_that_comes_sooner() -> None:
    """Of noise nothing is known, however many of its values are predicted, learned and shown as lags meanwhile."""
    config = {
        "source": {"type": "file", "path": "unused"},
        "decoder": {"type": "json", "features": ["a"]},
        "targets": [{"field": "a", "ahead": AHEAD}, {"field": "a", "ahead": 1}, {"field": "a", "ahead": "60s"}],
        "features": LAGS,
        "learner": {"steps": "fixed"},
        "companions": {"naive": None, "frozen": None},
        "checkpoint": {"directory": "unused"},
    }
    pipeline = build_any_pipeline(Config.model_validate(config), stopwatch=Stopwatch())
    events = noise()[:600]
    for start in range(0, len(events), 400):
        pipeline.process(events[start : start + 400])
    for target, snapshot in pipeline.snapshot().targets.items():
        for name, score in scores(snapshot).items():
            assert score.rows > len(events) - 100
            assert score.r2 is not None
            assert score.r2 < 0.02, (target, name, score.r2)


@pytest.mark.parametrize("number", [False, True], ids=["classes", "numbers"])
def test_before_any_label_has_come_nobody_says_anything(*, number: bool) -> None:
    # Labels that anybody can learn, all of them after the last event.
    events = noise()[:300]
    told = [
        record("labels", 9_000 + row, each.timestamp, each.key, {"id": row, "y": 3.0 if number else "x"})
        for row, each in enumerate(events)
    ]
    label = TOPIC | {"id": "id"} | ({"type": "number"} if number else {})
    config = {
        "source": {"type": "file", "path": "unused"},
        "decoder": {"type": "json", "features": ["a"]},
        "label": {name: value for name, value in label.items() if not (number and name == "max_classes")},
        "learner": {"steps": "fixed"},
        "companions": {"naive": {"every_blocks": 1}, "fresh": {}},
        "checkpoint": {"directory": "unused"},
        "predictions": {"type": "file", "path": "unused"},
    }
    pipeline = build_pipeline(Config.model_validate(config), stopwatch=Stopwatch())
    said = pipeline.process(events).predictions
    assert pipeline.process(told).rejects == []
    pipeline.finish()
    assert {each.prediction for each in said} == {None}
    for score in scores(pipeline.snapshot()).values():
        assert (score.not_finite, score.rows) == (300, 0) if number else (score.accuracy, score.rows) == (0.0, 300)
    assert pipeline.snapshot().learners["naive"].scores.total.no_change_accuracy is None
