"""The JSON of a published prediction, the same in a topic and in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from connectors.record import event_index

if TYPE_CHECKING:
    from connectors.record import Record
    from connectors.sink import Prediction


def index_within(record: Record) -> dict[str, int]:
    """Return which of its message's events this is, as part of an object: nothing where it is one event."""
    index = event_index(record)
    return {} if index is None else {"index": index}


def to_json(prediction: Prediction) -> bytes:
    """Return one prediction as a JSON object in UTF-8, on one line, without a line end.

    >>> from connectors.record import LocalRecord
    >>> from connectors.sink import Prediction
    >>> event = LocalRecord("plant", 0, 7, -1, None, b"{}", [])
    >>> to_json(Prediction(event, prediction="ok", confidence=0.5, label=None, task="", step=3))
    b'{"topic":"plant","partition":0,"offset":7,"prediction":"ok","confidence":0.5,"label":null,"task":"","step":3}'
    """
    if prediction.expired is not None:
        return orjson.dumps({**_place(prediction.expired), "outcome": "expired"})
    return orjson.dumps(
        {
            **_place(prediction.record),
            "prediction": prediction.prediction,
            "confidence": prediction.confidence,
            "label": prediction.label,
            "task": prediction.task,
            "step": prediction.step,
            **_asked_for(prediction),
        }
    )


def _place(record: Record) -> dict[str, Any]:
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        **index_within(record),
    }


def _asked_for(prediction: Prediction) -> dict[str, Any]:
    """Return what only some configurations ask for."""
    asked = {
        "probabilities": prediction.probabilities,
        "interval": prediction.interval,
        "anomaly": prediction.anomaly,
    }
    return {name: value for name, value in asked.items() if value is not None}
