"""Writes in transactions with librdkafka."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaException, Producer
from kafka import errors

from connectors.kafka.librdkafka.faults import kind_of, raised
from connectors.kafka.librdkafka.refusal import Refusal
from connectors.kafka.transactions import ANSWER_SECONDS, NO_COORDINATOR, WAIT_SECONDS, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connectors.kafka.outgoing import Outgoing
    from connectors.kafka.transactions import Header

log = logging.getLogger(__name__)

TOO_LARGE = (errors.MessageSizeTooLargeError, errors.RecordListTooLargeError)


class LibrdkafkaProducer:
    """See ``TransactionalWriter``. ``stop`` is asked again and again while it waits. Raises KafkaError."""

    def __init__(self, config: Mapping[str, Any], topic: str, *, stop: Callable[[], bool]) -> None:
        self._topic = topic
        self._stop = stop
        self._refusal = Refusal()
        self._answers: list[tuple[Any, int, int]] = []
        """Of each record of a transaction: why it was refused, its partition and its offset."""
        self._producer: Any = Producer({**config, "error_cb": self._refusal.note, "logger": log})
        try:
            self._until_answered(lambda: self._producer.init_transactions(WAIT_SECONDS))
        except errors.KafkaError as error:
            self.close()
            if isinstance(error, errors.KafkaTimeoutError):
                raise errors.KafkaTimeoutError(NO_COORDINATOR) from error
            raise

    def write(self, rows: Sequence[Outgoing], header: Callable[[Outgoing], Header]) -> dict[int, int]:
        """See ``TransactionalWriter``."""
        self._answers = []
        try:
            self._producer.begin_transaction()
            for row in rows:
                self._producer.produce(
                    self._topic,
                    value=row.value,
                    key=row.key,
                    headers=[*row.headers, header(row)],
                    on_delivery=self._take,
                )
        except KafkaException as exception:
            raise _refused(raised(exception)) from exception
        # To commit flushes as well, but waits for its linger then.
        self._until_answered(self._flush)
        self._require_taken()
        self._until_answered(lambda: self._producer.commit_transaction(WAIT_SECONDS))
        ends: dict[int, int] = {}
        for _, partition, offset in self._answers:
            ends[partition] = max(ends.get(partition, 0), offset + 1)
        return ends

    def close(self) -> None:
        """See ``TransactionalWriter``."""
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.purge()

    def _take(self, error: Any, message: Any) -> None:
        self._answers.append((error, message.partition(), message.offset()))

    def _flush(self) -> None:
        # What is behind a record that was refused, the library never sends.
        if self._producer.flush(WAIT_SECONDS) and not any(error for error, _, _ in self._answers):
            raise errors.KafkaTimeoutError("the broker has not acknowledged all records")

    def _require_taken(self) -> None:
        """Raise what a record was refused for: its size, where that is among the reasons."""
        refusals = [kind_of(error)(error.str()) for error, _, _ in self._answers if error is not None]
        for error in sorted(refusals, key=lambda error: not isinstance(error, TOO_LARGE)):
            raise _refused(error)

    def _until_answered(self, step: Callable[[], Any]) -> None:
        """Repeat a step as long as no broker answers it, for some time."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            try:
                step()
            except KafkaException as exception:
                error = raised(exception)
                if not exception.args[0].retriable() or self._stop() or time.monotonic() >= deadline:
                    raise error from exception
            except errors.KafkaTimeoutError:
                if self._stop() or time.monotonic() >= deadline:
                    raise
            else:
                return
            self._producer.poll(0)
            if self._refusal.why:
                raise errors.KafkaConnectionError(self._refusal.why)


def _refused(error: errors.KafkaError) -> Exception:
    return TooLargeError(str(error)) if isinstance(error, TOO_LARGE) else error
