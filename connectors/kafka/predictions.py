"""Predictions in a Kafka topic, as JSON under the event's own key, at least once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from kafka import errors

from connectors.kafka.producer import AcknowledgedProducer
from connectors.kafka.sink_options import KafkaPredictionsOptions
from connectors.prediction_json import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connectors.sink import Prediction


LONGEST_KEY_BYTES = 64 * 1024


class KafkaPredictions:
    """Queues predictions and lets the client's thread send them; a checkpoint waits until all are acknowledged.

    A key longer than 64 KiB is left out, because the topic might refuse the message otherwise.
    """

    Options = KafkaPredictionsOptions

    def __init__(
        self, options: KafkaPredictionsOptions, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._producer = AcknowledgedProducer(options, monotonic)
        self._max_unacknowledged = options.max_unacknowledged
        self._since_flush = 0
        self._refused: list[Exception] = []

    def write(self, predictions: Sequence[Prediction]) -> None:
        """Queue them. Raises SinkUnavailableError where the topic or every broker stays missing."""
        for prediction in predictions:
            try:
                future = self._producer.send(_key(prediction), to_json(prediction), [])
            except errors.MessageSizeTooLargeError as error:
                raise self._producer.unavailable(error) from error
            future.add_errback(self._refused.append)
        self._since_flush += len(predictions)
        if self._refused or self._since_flush >= self._max_unacknowledged:
            self.flush()

    def flush(self) -> None:
        """Return when all are acknowledged. Raises SinkUnavailableError where one was not by the deadline."""
        self._producer.flush()
        self._since_flush = 0
        if self._refused:
            raise self._producer.unavailable(self._refused[0]) from self._refused[0]

    def state_dict(self) -> dict[str, Any]:
        """Return nothing: a topic cannot be cut back."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Do nothing: what came after the checkpoint is sent a second time."""

    def close(self) -> None:
        """Send what is queued and close the producer."""
        self._producer.close()


def _key(prediction: Prediction) -> bytes | None:
    key = prediction.record.key
    return key if key is None or len(key) <= LONGEST_KEY_BYTES else None
