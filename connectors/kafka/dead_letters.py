"""Dead letters in a Kafka topic, with Kafka Connect's headers."""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING

from connectors.kafka.outgoing import Outgoing, SourcePosition
from connectors.kafka.output_topic import OutputTopic
from connectors.kafka.sink_options import KafkaDeadLettersOptions
from connectors.record import event_index

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connectors.decoder import Reject

log = logging.getLogger(__name__)

PREFIX = "__connect.errors."  # as Kafka Connect's DeadLetterQueueReporter writes them
VALUE_HEADER = "__retaind.errors.value"
TIMESTAMP_HEADER = "__retaind.errors.timestamp"
INDEX_HEADER = "__retaind.errors.index"
KEPT_BYTES = 64 * 1024

Letter = tuple["bytes | None", "bytes | None", "list[tuple[str, bytes]]"]


class KafkaDeadLetters(OutputTopic):
    """Writes the original key, value and headers unchanged, and adds headers that say what was wrong.

    The record's own time is in the header ``__retaind.errors.timestamp`` (ms), not in the letter's timestamp: a
    topic that keeps a week would delete the letters of an old backlog at once, and a broker refuses a time in the
    future. What Kafka or its client does not take is changed as little as possible, and the header
    ``__retaind.errors.value`` says how: ``null`` for a tombstone without a key, ``truncated to N of M bytes`` for
    what exceeds the topic's or the client's largest message. A header without a value is sent with an empty one.
    Where a message holds several events, ``__retaind.errors.index`` says which of them this is about.
    """

    Options = KafkaDeadLettersOptions

    def __init__(
        self, options: KafkaDeadLettersOptions, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(options, monotonic=monotonic)

    def write(self, rejects: Sequence[Reject]) -> None:
        """Take them, to be written at once."""
        if rejects:
            self.send([_letter(reject) for reject in rejects])


def _letter(reject: Reject) -> Outgoing:
    return Outgoing(SourcePosition.of(reject.record), *_whole(reject), smaller=partial(_smaller, reject))


def _smaller(reject: Reject) -> Outgoing:
    return Outgoing(SourcePosition.of(reject.record), *_truncated(reject))


def _whole(reject: Reject) -> Letter:
    record = reject.record
    headers = [(name, b"" if value is None else value) for name, value in record.headers]
    if record.key is None and record.value is None:
        return None, b"", [*headers, *_context(reject), (VALUE_HEADER, b"null")]
    return record.key, record.value, [*headers, *_context(reject)]


def _truncated(reject: Reject) -> Letter:
    record = reject.record
    value, key = record.value or b"", record.key
    kept = value[:KEPT_BYTES]
    log.warning(
        "dead letter truncated: %s/%d at offset %d is too large", record.topic, record.partition, record.offset
    )
    how = f"truncated to {len(kept)} of {len(value)} bytes"
    if key is not None and len(key) > KEPT_BYTES:
        how += f"; key truncated to {KEPT_BYTES} of {len(key)} bytes"
        key = key[:KEPT_BYTES]
    headers = record.headers
    if sum(len(each or b"") for _, each in headers) > KEPT_BYTES:
        how += f"; {len(headers)} headers left out"
        headers = []
    kept_headers = [(name, b"" if each is None else each) for name, each in headers]
    return key, kept, [*kept_headers, *_context(reject), (VALUE_HEADER, how.encode())]


def _context(reject: Reject) -> list[tuple[str, bytes]]:
    record = reject.record
    context = {
        "topic": record.topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
        "stage": reject.stage,
        "exception.class.name": reject.reason,
        "exception.message": reject.message,
    }
    headers = [(PREFIX + name, text.encode()) for name, text in context.items()]
    headers.append((TIMESTAMP_HEADER, str(record.timestamp).encode()))
    index = event_index(record)
    return headers if index is None else [*headers, (INDEX_HEADER, str(index).encode())]
