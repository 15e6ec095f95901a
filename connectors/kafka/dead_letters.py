"""Dead letters in a Kafka topic, with Kafka Connect's headers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from connectors.kafka.letters import Letter
from connectors.kafka.output_topic import OutputTopic
from connectors.kafka.sink_options import KafkaDeadLettersOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connectors.decoder import Reject


class KafkaDeadLetters(OutputTopic):
    """Writes the original key, value and headers unchanged, and adds headers that say what was wrong.

    The record's own time is in the header ``__retaind.errors.timestamp`` (ms), not in the letter's timestamp: a
    topic that keeps a week would delete the letters of an old backlog at once, and a broker refuses a time in the
    future. What Kafka or its client does not take is changed as little as possible, and the header
    ``__retaind.errors.value`` says how: ``null`` for a tombstone without a key; for what exceeds the topic's or the
    client's largest message, ``truncated to N of M bytes``, and which headers were left out. What is refused even
    with nothing but the reason is counted as ``lost``, and logged: no record is to hold up those behind it. A
    header without a value is sent with an empty one. Where a message holds several events,
    ``__retaind.errors.index`` says which of them this is about.
    """

    Options = KafkaDeadLettersOptions

    def __init__(
        self, options: KafkaDeadLettersOptions, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(options, drops_too_large=True, monotonic=monotonic)

    def write(self, rejects: Sequence[Reject]) -> None:
        """Take them, to be written at once."""
        if rejects:
            self.send([Letter(reject).outgoing() for reject in rejects])
