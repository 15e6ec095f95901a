"""Predictions in a Kafka topic, as JSON under the event's own key, each exactly once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from connectors.kafka.outgoing import Outgoing, SourcePosition
from connectors.kafka.output_topic import OutputTopic
from connectors.kafka.sink_options import KafkaPredictionsOptions
from connectors.prediction_json import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connectors.sink import Prediction


LONGEST_KEY_BYTES = 64 * 1024


class KafkaPredictions(OutputTopic):
    """Writes each prediction as one message.

    A key longer than 64 KiB is left out, because the topic might refuse the message otherwise.
    """

    Options = KafkaPredictionsOptions

    def __init__(
        self, options: KafkaPredictionsOptions, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(
            options,
            most_unsettled=options.max_unacknowledged,
            linger_seconds=options.linger_ms / 1000,
            monotonic=monotonic,
        )

    def write(self, predictions: Sequence[Prediction]) -> None:
        """Take them, to be written soon."""
        if predictions:
            self.send([_message(prediction) for prediction in predictions])


def _message(prediction: Prediction) -> Outgoing:
    return Outgoing(SourcePosition.of(prediction.record), _key(prediction), to_json(prediction), [])


def _key(prediction: Prediction) -> bytes | None:
    key = (prediction.expired or prediction.record).key
    return key if key is None or len(key) <= LONGEST_KEY_BYTES else None
