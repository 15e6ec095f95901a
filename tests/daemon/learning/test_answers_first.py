"""An answer is given before what it is of is learned: whoever waits for it does not wait for the learning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from connectors.record import LocalRecord
from daemon.build.load import load_bytes
from daemon.build.pipeline import build_pipeline
from daemon.learning.stopwatch import Stopwatch

if TYPE_CHECKING:
    from connectors.sink import Prediction

BATCH = 4
BASE: dict[str, Any] = {
    "source": {"type": "file", "path": "unused"},
    "decoder": {"type": "json", "first_events": 1},
    "learner": {"batch": BATCH},
    "checkpoint": {"directory": "unused-state"},
    "predictions": {"type": "file", "path": "unused-too"},
}
IN_THE_EVENT = {"decoder": BASE["decoder"] | {"label": "y"}, "label": {"type": "number"}}
IN_THE_STREAM = {"label": "none", "target": {"field": "y", "ahead": 1}}


@pytest.mark.parametrize("sections", [IN_THE_EVENT, IN_THE_STREAM], ids=["in the event", "in the stream"])
def test_answers_are_out_before_their_events_are_learned(sections: dict[str, Any]) -> None:
    config = load_bytes(orjson.dumps(BASE | sections), file="answers.yaml", environ={})
    pipeline = build_pipeline(config, stopwatch=Stopwatch())
    steps: list[int] = []

    def publish(predictions: list[Prediction]) -> None:
        assert pipeline.main is not None
        steps.extend([pipeline.main.scored.learner.steps] * len(predictions))

    records = [
        LocalRecord("plant", 0, row, -1, None, orjson.dumps({"a": row % 3, "y": row % 5}), []) for row in range(26)
    ]
    outcome = pipeline.process(records, publish=publish)
    assert outcome.predictions == []
    assert len(steps) == len(records)
    # The last event of a block is answered by the model from before it.
    assert steps[:BATCH] == [0] * BATCH
    assert steps[-1] > steps[0]
    assert pipeline.main is not None
    assert pipeline.main.scored.learner.steps >= steps[-1]
