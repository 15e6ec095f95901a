"""A producer that writes in transactions, and fences whoever wrote under the same name before."""

from __future__ import annotations

import contextlib
import logging
import time
from typing import TYPE_CHECKING, Any

from kafka import KafkaProducer, errors

from connectors.kafka.client import TidyClient
from connectors.kafka.transactions import ANSWER_SECONDS, NO_COORDINATOR, WAIT_SECONDS, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connectors.kafka.outgoing import Outgoing
    from connectors.kafka.sink_options import KafkaSinkOptions
    from connectors.kafka.transactions import Header

log = logging.getLogger(__name__)

METADATA_RETRY_MS = 500  # the client's 100 ms would log a missing topic ten times a second
CLOSE_SECONDS = 5.0
TOO_LARGE = (errors.MessageSizeTooLargeError, errors.RecordListTooLargeError)


class TransactionalProducer:
    """See ``TransactionalWriter``: connects and fences on construction, with kafka-python.

    ``stop`` is asked again and again while it waits. Raises KafkaError.
    """

    def __init__(self, options: KafkaSinkOptions, transactional_id: str, *, stop: Callable[[], bool]) -> None:
        self._topic = options.topic
        self._stop = stop
        self._client: Any = None
        self._producer: Any = None
        try:
            self._producer = KafkaProducer(
                **options.producer_config() | {"transactional_id": transactional_id}, kafka_client=self._make_client
            )
            self._fence()
        except BaseException as error:
            refusal = "" if self._client is None else self._client.refusal
            self.close()
            if refusal and isinstance(error, errors.KafkaError):
                raise errors.KafkaConnectionError(refusal) from error
            raise

    def write(self, rows: Sequence[Outgoing], header: Callable[[Outgoing], Header]) -> dict[int, int]:
        """See ``TransactionalWriter``."""
        self._until_answered(lambda: self._producer.partitions_for(self._topic))
        sent = self.transact(
            lambda producer: [
                producer.send(self._topic, row.value, row.key, [*row.headers, header(row)]) for row in rows
            ]
        )
        ends: dict[int, int] = {}
        for place in (future.value for future in sent):
            ends[place.partition] = max(ends.get(place.partition, 0), place.offset + 1)
        return ends

    def transact(
        self, send: Callable[[Any], list[Any]], *, offsets: Mapping[Any, Any] | None = None, group: str = ""
    ) -> list[Any]:
        """Do in one transaction what ``send`` does with kafka-python's producer, and commit offsets to a group.

        Returns the futures that ``send`` has returned, all done. Raises TooLargeError and KafkaError; nothing of it
        is then committed, or all (KIP-98).
        """
        self._producer.begin_transaction()
        try:
            sent = send(self._producer)
            self._until_answered(lambda: self._producer.flush(timeout=WAIT_SECONDS))
            _check(sent)
        except TOO_LARGE as error:
            raise TooLargeError(str(error)) from error
        if offsets:
            self._send_offsets(offsets, group)
        self._commit()
        return sent

    def _send_offsets(self, offsets: Mapping[Any, Any], group: str) -> None:
        # send_offsets_to_transaction() waits without a limit (kafka-python 3.0.12).
        result = self._producer._transaction_manager.send_offsets_to_transaction(offsets, group)  # noqa: SLF001
        self._producer._sender.wakeup()  # noqa: SLF001
        self._until_answered(lambda: _committed(result))

    def _fence(self) -> None:
        try:
            self._until_answered(self._producer.init_transactions)
        except errors.KafkaTimeoutError as error:
            raise errors.KafkaTimeoutError(NO_COORDINATOR) from error

    def _commit(self) -> None:
        # commit_transaction() waits without a limit (kafka-python 3.0.12).
        result = self._producer._transaction_manager.begin_commit()  # noqa: SLF001
        self._producer._sender.wakeup()  # noqa: SLF001
        self._until_answered(lambda: _committed(result))

    def _until_answered(self, step: Callable[[], Any]) -> None:
        """Repeat a step as long as no broker answers it, for some time."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            try:
                step()
            except errors.KafkaTimeoutError:
                if self._stop() or time.monotonic() >= deadline:
                    raise
            else:
                return

    def close(self) -> None:
        """Close at once: what is not committed will be aborted, and nobody waits for it."""
        producer, self._producer = self._producer, None
        client, self._client = self._client, None
        if producer is None:
            if client is not None:
                client.close()
            return
        sender = producer._sender  # noqa: SLF001 - close() would wait for what was given up
        sender.force_close()
        sender.join(CLOSE_SECONDS)
        with contextlib.suppress(errors.KafkaError):
            producer.close(timeout=CLOSE_SECONDS)

    def _make_client(self, **config: Any) -> Any:
        if self._client is not None:
            self._client.close()  # of an attempt that failed
        self._client = TidyClient(**config)
        self._client.cluster.config["allow_auto_create_topics"] = False
        self._client.cluster.config["retry_backoff_ms"] = METADATA_RETRY_MS
        return self._client


def _committed(result: Any) -> None:
    if not result.wait(timeout_ms=WAIT_SECONDS * 1000):
        raise errors.KafkaTimeoutError("the commit of a transaction was not acknowledged")


def _check(sent: Sequence[Any]) -> None:
    """Raise what a record was refused for: its size, where that is among the reasons."""
    refusals = [future.exception for future in sent if future.failed()]
    for error in sorted(refusals, key=lambda error: not isinstance(error, TOO_LARGE)):
        raise error
