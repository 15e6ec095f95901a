"""Where labels come later, who asks is told what would be published of an event that came next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import orjson
import pytest

from daemon.intake.asked_rows import AskedRows
from daemon.state.state_tree import copy_tree
from tests.daemon.learning.later.test_later_pipeline import new_pipeline, stream
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from connectors.record import LocalRecord
    from daemon.learning.event_predictor import EventPredictor


def asked(record: LocalRecord, predictor: EventPredictor) -> AskedRows:
    event = orjson.loads(record.value or b"")
    return AskedRows(
        np.array([[event[name] for name in predictor.rows.fields]]),
        key=[record.key],
        time=np.array([record.timestamp / 1000]),
        task=[event["task"]],
    )


@pytest.mark.parametrize("case", ["by key", "by key, within a horizon", "of a number"])
def test_an_answer_is_what_is_published_of_an_event_that_comes_next(case: str) -> None:
    pipeline, undisturbed = new_pipeline(case), new_pipeline(case)
    records = stream(case, rows=700, seed=5)
    pipeline.process(records[:-60])
    compared = 0
    for record in records[-60:]:
        predictor = pipeline.event_predictor(copied=True)
        assert predictor is not None
        for published in pipeline.process([record]).predictions:
            if published.expired is not None:
                continue
            said = predictor.say(asked(record, predictor))
            if isinstance(published.prediction, float):
                np.testing.assert_allclose(said.prediction[0], published.prediction, atol=1e-4)
            else:
                np.testing.assert_allclose(said.confidence[0], published.confidence, atol=1e-4)
            compared += 1
    undisturbed.process(records)
    assert_same_state(copy_tree(undisturbed.state_dict()), copy_tree(pipeline.state_dict()))
    assert compared > 12
