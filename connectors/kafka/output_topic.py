"""Records into a topic, each exactly once however often the process or a broker was killed."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

from connectors.kafka.topic_writer import MOST_IN_ONE_TRANSACTION, TopicWriter
from connectors.sink import SinkUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connectors.kafka.outgoing import Outgoing
    from connectors.kafka.sink_options import KafkaSinkOptions


class OutputTopic:
    """Takes records at any time; a ``TopicWriter`` writes them, on a thread of its own.

    The state is who writes, and up to where the topic is known.
    """

    def __init__(
        self,
        options: KafkaSinkOptions,
        *,
        most_unsettled: int = MOST_IN_ONE_TRANSACTION,
        linger_seconds: float = 0.0,
        drops_too_large: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._options = options
        self._most_unsettled = most_unsettled
        self._linger_seconds = linger_seconds
        self._drops_too_large = drops_too_large
        self._monotonic = monotonic
        self._process = uuid.uuid4().hex[:12]
        self._writer: TopicWriter | None = None
        self._saved: Mapping[str, Any] = {}
        self._unsettled_since: float | None = None
        self._lost_before = 0

    @property
    def trouble(self) -> str:
        """Why nothing is acknowledged now, in a sentence; empty where all is well, or may be."""
        writer = self._writer
        if writer is None or not writer.trouble:
            return ""
        return f"topic {self._options.topic} cannot be written to: {writer.trouble}"

    @property
    def full(self) -> bool:
        """Whether so much is not acknowledged that nothing more should be given."""
        writer = self._writer
        return writer is not None and writer.full

    @property
    def lost(self) -> int:
        """What the topic did not take in any form, for its size, in this process."""
        return self._lost_before + (0 if self._writer is None else self._writer.lost)

    def send(self, rows: Sequence[Outgoing]) -> None:
        """Take rows, to be written in this order."""
        self._begun().take(rows)

    def settle(self, timeout_seconds: float) -> bool:
        """Return whether all is committed, waiting that long. Raises SinkUnavailableError."""
        settled = self._begun().wait(timeout_seconds)
        self._give_up_if_late(settled=settled)
        return settled

    def state_dict(self) -> dict[str, Any]:
        """Return who writes, and up to where the topic is known."""
        return dict(self._saved) if self._writer is None else self._writer.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Begin anew from that state."""
        self.close()
        self._saved = state if "writer" in state else {}

    def close(self) -> None:
        """Wait shortly for what is not acknowledged yet, where nothing is in the way; end the thread."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.end()
            self._lost_before += writer.lost

    def _begun(self) -> TopicWriter:
        if self._writer is None:
            self._writer = TopicWriter(
                self._options,
                self._saved,
                process=self._process,
                most_owed=self._most_unsettled,
                linger_seconds=self._linger_seconds,
                drops_too_large=self._drops_too_large,
            )
            self._writer.start()
        return self._writer

    def _give_up_if_late(self, *, settled: bool) -> None:
        limit, now = self._options.deadline_seconds, self._monotonic()
        if settled:
            self._unsettled_since = None
        elif self._unsettled_since is None:
            self._unsettled_since = now
        elif limit is not None and now - self._unsettled_since >= limit:
            why = self.trouble or f"topic {self._options.topic} cannot be written to: no broker has answered"
            raise SinkUnavailableError(f"{why}, for {limit:.0f} s")
