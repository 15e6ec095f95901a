"""Before a label was seen there is no answer, and while there is hardly anything to choose from, none is sure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pytest

from connectors.record import LocalRecord
from daemon.build.pipeline import build_pipeline
from daemon.config.schema import Config
from daemon.learning.stopwatch import Stopwatch
from daemon.state.state_tree import copy_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from connectors.sink import Prediction
    from daemon.learning.pipeline import Pipeline

COMMITTEES: list[dict[str, Any] | None] = [None, {}]


def pipeline_for(label: dict[str, Any], *, committee: dict[str, Any] | None) -> Pipeline:
    config = {
        "source": {"type": "file", "path": "unused"},
        "decoder": {"type": "json", "label": "y", "first_events": 1},
        "label": label,
        "learner": {"batch": 4, "steps": "fixed"},
        "retention": {"probe_share": 0.0},
        "checkpoint": {"directory": "unused"},
        "predictions": {"type": "file", "path": "unused"},
        "committee": committee,
    }
    return build_pipeline(Config.model_validate(config), stopwatch=Stopwatch())


def records(labels: Iterable[Any]) -> list[LocalRecord]:
    x = np.random.default_rng(0).normal(size=(1000, 2)).tolist()
    rows = enumerate(zip(x, labels, strict=False))
    return [
        LocalRecord("plant", 0, n, -1, None, orjson.dumps({"a": a, "b": b, "y": y}), []) for n, ((a, b), y) in rows
    ]


def said(pipeline: Pipeline, labels: Sequence[Any]) -> list[Prediction]:
    return pipeline.process(records(labels)).predictions


@pytest.mark.parametrize("committee", COMMITTEES)
def test_the_first_event_has_no_answer_and_counts_as_wrong(committee: dict[str, Any] | None) -> None:
    pipeline = pipeline_for({"type": "class"}, committee=committee)
    predictions = said(pipeline, ["ok"] * 12)
    unknown = 4 if committee is None else 1
    assert [each.prediction for each in predictions] == [None] * unknown + ["ok"] * (12 - unknown)
    assert [each.confidence for each in predictions[:unknown]] == [None] * unknown
    snapshot = pipeline.snapshot()
    assert snapshot.learners["main"].scores.total.accuracy == pytest.approx(8 / 12)
    assert snapshot.learners["naive"].scores.total.accuracy == pytest.approx(8 / 12)
    if snapshot.committee is not None:
        assert snapshot.committee.scores.total.accuracy == pytest.approx(11 / 12)


def test_a_committee_is_as_sure_of_the_only_class_as_laplace_would_be() -> None:
    predictions = said(pipeline_for({"type": "class"}, committee={}), ["ok"] * 9 + ["bad"] * 20)
    assert [each.confidence for each in predictions[1:10]] == [(n + 1) / (n + 2) for n in range(1, 10)]
    assert all(each.confidence is not None and each.confidence < 1 for each in predictions[10:])


def test_a_learner_alone_knows_the_labels_of_the_micro_batches_before() -> None:
    predictions = said(pipeline_for({"type": "class"}, committee=None), ["ok"] * 12)
    assert [each.confidence for each in predictions] == [None] * 4 + [5 / 6] * 4 + [9 / 10] * 4


@pytest.mark.parametrize("cut", [1, 3, 6])
def test_a_restart_makes_nobody_surer(cut: int) -> None:
    events = records(["ok"] * 8)
    whole, first, again = (pipeline_for({"type": "class"}, committee={}) for _ in range(3))
    before = first.process(events[:cut]).predictions
    again.load_state_dict(copy_tree(first.state_dict()))
    assert before + again.process(events[cut:]).predictions == whole.process(events).predictions


def test_classes_that_are_declared_are_known_from_the_start() -> None:
    predictions = said(pipeline_for({"type": "class", "classes": ["bad", "ok"]}, committee={}), ["ok"] * 3)
    assert predictions[0].prediction in {"bad", "ok"}
    assert predictions[0].confidence is not None


@pytest.mark.parametrize("committee", COMMITTEES)
def test_the_first_number_is_not_said_and_spoils_no_score(committee: dict[str, Any] | None) -> None:
    pipeline = pipeline_for({"type": "number"}, committee=committee)
    labels = (101_325 + np.random.default_rng(1).normal(size=400)).tolist()
    predictions = said(pipeline, labels)
    unknown = 4 if committee is None else 1
    assert [each.prediction is None for each in predictions] == [True] * unknown + [False] * (400 - unknown)
    snapshot = pipeline.snapshot()
    answers = snapshot.learners["main"] if snapshot.committee is None else snapshot.committee
    total = answers.scores.total
    assert (total.rows, total.not_finite) == (400 - unknown, unknown)
    assert total.rmse is not None
    assert total.rmse < 5
