"""Who asks is told what would be published of an event that came next, and changes nothing by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pytest

from daemon.build.pipeline import build_pipeline
from daemon.config.schema import Config
from daemon.intake.asked_rows import AskedRows, UnanswerableError
from daemon.learning.stopwatch import Stopwatch
from daemon.state.state_tree import copy_tree
from tests.daemon.event_stream import FIELDS, Stretch, events
from tests.daemon.learning.test_pipeline import BASE, CASES, DECODER, NUMBER
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.record import LocalRecord
    from connectors.sink import Prediction
    from daemon.learning.event_predictor import EventPredictor, Said
    from daemon.learning.pipeline import Pipeline

COMMITTEE: dict[str, Any] = {"committee": {}}
OWN: dict[str, dict[str, Any]] = {
    "committee": COMMITTEE | {"learner": {"batch": 32}},
    "committee on numbers": COMMITTEE | {"label": NUMBER, "learner": {"batch": 32}},
    "committee with features": COMMITTEE | CASES["stream features"] | {"learner": {"batch": 32}},
    "last values": CASES["stream features of the last values"],
    "an average answers": {"learner": {"batch": 7, "averaging": 0.9}},
    "categories": {"features": {"categories": {"c": {"max": 2}}, "drop": ["a"]}},
}
SHARED = ("tasks that make room in heads", "closed form that forgets, of a number")
SETTLED = 512
"""From here on an event has no part in its own scale."""


def pipeline_of(sections: dict[str, Any]) -> Pipeline:
    return build_pipeline(Config.model_validate(BASE | sections), stopwatch=Stopwatch())


def stream(sections: dict[str, Any], *, rows: int) -> list[LocalRecord]:
    regression = sections.get("label", {}).get("type") == "number"
    stretches = [Stretch(task, rows // 4) for task in "PQPR"]
    return events(stretches, seed=3, regression=regression, missing_share=0.0 if "features" in sections else 0.05)


def asked(records: Sequence[LocalRecord], predictor: EventPredictor) -> AskedRows:
    each = [orjson.loads(record.value or b"") for record in records]
    rows, categories = predictor.rows, predictor.rows.categories.fields
    return AskedRows(
        np.array([[np.nan if event[name] is None else event[name] for name in rows.fields] for event in each]),
        key=[record.key for record in records],
        time=np.array([record.timestamp / 1000 for record in records]),
        task=[event["task"] for event in each],
        cells={name: [repr(event[name]) for event in each] for name in categories},
    )


def said_of(record: LocalRecord, predictor: EventPredictor) -> Said:
    return predictor.say(asked([record], predictor))


def agrees(said: Said, published: Prediction) -> bool:
    (prediction,), (confidence,) = said.prediction, said.confidence
    if isinstance(published.prediction, float):
        return isinstance(prediction, float) and bool(np.isclose(prediction, published.prediction, atol=1e-4))
    same = prediction == published.prediction or confidence is None or confidence < 0.51
    return same and bool(np.isclose(confidence or 0.0, published.confidence or 0.0, atol=1e-4))


@pytest.mark.parametrize(
    ("case", "copied"), [*((case, True) for case in (*OWN, *SHARED)), ("committee on numbers", False)]
)
def test_an_answer_is_what_is_published_of_an_event_that_comes_next(case: str, *, copied: bool) -> None:
    sections = (OWN | CASES)[case]
    records = stream(sections, rows=720)
    pipeline, undisturbed = pipeline_of(sections), pipeline_of(sections)
    pipeline.process(records[:-50])
    compared = 0
    for record in records[-50:]:
        predictor = pipeline.event_predictor(copied=copied)
        assert predictor is not None
        assert predictor.events >= SETTLED
        # A copy is asked when the stream has gone on, a live view before.
        said = None if copied else said_of(record, predictor)
        published = pipeline.process([record]).predictions
        if published:
            assert agrees(said or said_of(record, predictor), published[0])
            compared += 1
    undisturbed.process(records)
    assert_same_state(copy_tree(undisturbed.state_dict()), copy_tree(pipeline.state_dict()))
    assert compared > 30


def test_rows_are_answered_alone_however_many_are_asked_together() -> None:
    sections = OWN["committee with features"]
    records = stream(sections, rows=600)
    pipeline = pipeline_of(sections)
    pipeline.process(records[:-40])
    predictor = pipeline.event_predictor(copied=True)
    assert predictor is not None
    alone = [predictor.say(asked([record], predictor)) for record in records[-40:]]
    together = predictor.say(asked(records[-40:], predictor))
    assert list(together.prediction) == [each.prediction[0] for each in alone]
    assert np.allclose(
        np.array(together.confidence, dtype=float), [each.confidence[0] or 0 for each in alone], atol=1e-5
    )


@pytest.mark.parametrize(
    ("value", "problem"),
    [(np.nan, "row 1: the feature 'b' is missing"), (1e300, "row 1: the feature 'b' is too large")],
)
def test_what_cannot_be_answered_is_told_by_row_and_field(value: float, problem: str) -> None:
    pipeline = pipeline_of({"decoder": DECODER | {"missing": "reject", "features": list(FIELDS)}})
    pipeline.process(stream({}, rows=100))
    predictor = pipeline.event_predictor(copied=True)
    assert predictor is not None
    x = np.zeros((2, 3))
    x[1, 1] = value
    with pytest.raises(UnanswerableError, match=problem):
        predictor.say(AskedRows(x, key=[None, None], time=np.full(2, np.nan)))


def test_before_the_first_event_there_is_nobody_to_ask() -> None:
    assert pipeline_of({}).event_predictor(copied=True) is None
