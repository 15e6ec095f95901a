"""The model from Python learns, answers and is saved as the daemon's is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pandas as pd
import polars as pl
import pytest
import torch

import retaind
from daemon.build.pipeline import build_pipeline
from daemon.learning.stopwatch import Stopwatch
from daemon.service import Service
from daemon.state.state_tree import copy_tree
from tests.daemon.event_stream import FIELDS, Stretch, events, json_lines
from tests.daemon.lives import SMALL, small_config
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from pathlib import Path

SECTIONS: dict[str, Any] = {
    name: section for name, section in SMALL.items() if name not in ("source", "rejections")
} | {"decoder": SMALL["decoder"] | {"key": "key", "time": "time"}}


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def dicts(rows: int, *, seed: int = 1) -> list[dict[str, Any]]:
    """Events with a key and a time of their own."""
    return [
        orjson.loads(record.value or b"")
        | {"key": None if record.key is None else record.key.decode(), "time": record.timestamp / 1000}
        for record in events([Stretch("P", rows // 2), Stretch("Q", rows - rows // 2)], seed=seed)
    ]


def test_it_learns_what_a_pipeline_of_the_same_configuration_learns_bit_for_bit() -> None:
    given = dicts(150)
    model = retaind.load(SECTIONS)
    learned = [model.learn(given[:1]), model.learn(given[1:40]), model.learn(given[40:])]
    pipeline = build_pipeline(model.config, stopwatch=Stopwatch())
    records = retaind.events.records_of(given, first=0, names=retaind.model.FieldNames.of(model.config.decoder))
    outcome = pipeline.process(records)
    assert_same_state(copy_tree(pipeline.state_dict()), copy_tree(model.state_dict()["pipeline"]))
    assert [each.value for part in learned for each in part.predictions] == [
        each.prediction for each in outcome.predictions
    ]


def test_an_answer_is_what_is_said_of_the_event_when_it_is_learned() -> None:
    model = retaind.load(SECTIONS | {"committee": {}})
    model.learn(dicts(600))
    # Of another task an event would end the segment first, and what waits be learned before it is predicted.
    for event in dicts(40, seed=5)[20:]:
        (said,), (published,) = model.predict(event), model.learn(event).predictions
        assert said.confidence == pytest.approx(published.confidence, abs=1e-4)
        assert said.value == published.value or said.confidence == pytest.approx(0.5, abs=0.01)


def test_dicts_frames_and_arrays_are_the_same_events() -> None:
    given = dicts(60)
    columns = {name: [event[name] for event in given] for name in given[0]}
    labels = columns.pop("y")
    models = [retaind.load(SECTIONS) for _ in range(4)]
    models[0].learn(given)
    models[1].learn(pd.DataFrame(columns), labels)
    models[2].learn(pl.DataFrame(columns), labels)
    models[3].learn(iter(given))
    states = [copy_tree(model.state_dict()) for model in models]
    for state in states[1:]:
        assert_same_state(states[0], state)
    x = np.array([[event[name] for name in FIELDS] for event in given])
    answers = [
        model_.predict(asked)
        for model_, asked in (
            (models[0], [dict(zip(FIELDS, row, strict=True)) for row in x.tolist()]),
            (models[1], pd.DataFrame(x, columns=list(FIELDS))),
            (models[2], pl.DataFrame(x, schema=list(FIELDS))),
            (models[3], x),
        )
    ]
    assert all(answer == answers[0] for answer in answers)
    assert len(answers[0]) == 60


def test_what_is_saved_is_taken_up_and_the_directory_is_locked_meanwhile(tmp_path: Path) -> None:
    sections = SECTIONS | {"checkpoint": {"directory": str(tmp_path)}}
    given = dicts(120)
    with retaind.load(sections) as model:
        model.learn(given[:70])
        model.save()
        with pytest.raises(retaind.StateError, match="in use"):
            retaind.load(sections)
    with retaind.load(sections) as model:
        assert model.events == 70
        model.learn(given[70:])
        state = copy_tree(model.state_dict())
    at_once = retaind.load(SECTIONS)
    at_once.learn(given)
    assert_same_state(copy_tree(at_once.state_dict()), state)


def test_a_daemons_state_goes_on_in_python_and_then_in_the_daemon(tmp_path: Path) -> None:
    stream = tmp_path / "stream.jsonl"
    stream.write_bytes(json_lines([Stretch("P", 80)]))
    config = small_config(tmp_path, source={"type": "file", "path": str(stream)}, http={"port": 0})
    with Service(config) as service:
        service.run(stop=lambda: False)
    with retaind.load(config) as model:
        assert model.events == 80
        model.learn(dicts(20))
        model.save()
    with stream.open("ab") as more:
        more.write(json_lines([Stretch("P", 90)]))
    with Service(config) as service:
        service.run(stop=lambda: False)
        assert service.loop.pipeline.events == 80 + 20 + 90


def test_a_daemon_refuses_a_state_that_was_begun_in_python(tmp_path: Path) -> None:
    config = small_config(tmp_path, source={"type": "file", "path": str(tmp_path / "s")}, http={"port": 0})
    (tmp_path / "s").write_bytes(b"")
    with retaind.load(config) as model:
        model.learn(dicts(10))
        model.save()
    with pytest.raises(retaind.StateError, match="from Python"), Service(config):
        pass


def test_what_cannot_be_learned_or_answered_is_told_by_its_place() -> None:
    model = retaind.load(SECTIONS | {"decoder": SECTIONS["decoder"] | {"missing": "reject"}})
    assert [each.value for each in model.predict(dicts(2))] == [None, None]
    good = dicts(40)
    learned = model.learn([good[0], good[1] | {"a": "much"}, good[2], good[3] | {"y": None}])
    assert [(each.event, each.reason) for each in learned.rejected] == [(1, "wrong_type"), (3, "missing_label")]
    assert len(learned.predictions) == 2
    with pytest.raises(ValueError, match="row 1: the feature 'a' is missing"):
        model.predict([good[0], good[1] | {"a": float("nan")}])
    with pytest.raises(ValueError, match="3 events and 2 labels"):
        model.learn(good[:3], ["a", "b"])
    with pytest.raises(TypeError, match="an event is a int"):
        model.learn([3])
    with pytest.raises(ValueError, match="expected \\(rows, fields\\)"):
        model.predict(np.zeros(3))
    with pytest.raises(ValueError, match="no place to be saved in"):
        model.save()


def test_a_mistake_in_the_sections_is_named_with_its_key() -> None:
    with pytest.raises(retaind.ConfigError, match="lerner"):
        retaind.load({"lerner": {"batch": 3}})
    with pytest.raises(retaind.ConfigError, match="no named fields"):
        retaind.load({"decoder": {"type": "raw", "dtype": "uint8", "shape": [2], "label": "y"}})


def test_moments_are_times_and_numpys_values_are_numbers() -> None:
    model = retaind.load({"decoder": {"label": "y", "time": "at"}, "features": {"hour": True}})
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    learned = model.learn([{"a": np.float32(n), "at": noon, "y": np.bool_(n % 2)} for n in range(40)])
    assert learned.rejected == []
    assert model.classes == ("false", "true")
    assert model.predict({"a": np.int64(3), "at": noon})[0].value in {"false", "true"}


def test_several_targets_are_told_by_name_and_answered_as_they_are_when_they_are_learned() -> None:
    targets = [{"field": FIELDS[0], "ahead": 2, "coverage": 0.8}, {"field": FIELDS[1], "ahead": 3, "as": "sign"}]
    sections = SECTIONS | {"label": "none", "targets": targets, "committee": None}
    decoder = {name: each for name, each in SECTIONS["decoder"].items() if name not in ("label", "key")}
    model = retaind.load(sections | {"decoder": decoder})
    near, far = f"{FIELDS[0]}+2", f"{FIELDS[1]}+3:sign"
    nothing = retaind.Prediction(None)
    assert model.predict(dicts(1)) == [retaind.Prediction(None, targets={near: nothing, far: nothing})]
    model.learn(dicts(300))
    event = dicts(300, seed=5)[299]
    (said,), (published,) = model.predict(event), model.learn(event).predictions
    assert said.value is None
    assert said.targets is not None
    assert published.targets is not None
    assert list(said.targets) == list(published.targets) == [near, far]
    number, learned = said.targets[near], published.targets[near]
    assert number is not None
    assert learned is not None
    assert isinstance(number.value, float)
    assert number.value == pytest.approx(learned.value, abs=0.01)
    assert number.interval is not None
    scores = model.scores()["targets"]
    assert scores.keys() == {near, far}
    assert scores[far]["answers"]["rows"] > 200
