"""Writes records into a topic in transactions, and after every error finds out what is there."""

from __future__ import annotations

import logging
import threading
import uuid
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Any

from kafka import errors

from connectors.kafka.libraries import new_producer
from connectors.kafka.outgoing import HEADER, Origin
from connectors.kafka.output_tail import OutputTail, Present
from connectors.kafka.transactions import TooLargeError
from connectors.sink import SinkUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from connectors.kafka.outgoing import Outgoing
    from connectors.kafka.sink_options import KafkaSinkOptions

log = logging.getLogger(__name__)

MOST_IN_ONE_TRANSACTION = 5_000
MOST_BYTES_IN_ONE_TRANSACTION = 16 * 1024 * 1024
MOST_BYTES_OWED = 64 * 1024 * 1024
FIRST_BACKOFF_SECONDS = 0.2
LAST_BACKOFF_SECONDS = 5.0
CLOSE_SECONDS = 5.0


class TopicWriter(threading.Thread):
    """Writes what it is given, in that order, until ``end``.

    Each record carries the position of its event, and the name of the writer, which the state keeps. Whenever the
    thread connects, at the start and after every error, it fences whoever used that name before (a transactional
    id), reads what the topic has since the offsets in the state, and leaves out what is there. A reader with
    ``read_committed`` then sees each record once. What both threads use is changed under one condition.
    """

    def __init__(
        self,
        options: KafkaSinkOptions,
        saved: Mapping[str, Any],
        *,
        process: str,
        most_owed: int,
        linger_seconds: float,
        drops_too_large: bool = False,
    ) -> None:
        super().__init__(name=f"writer-{options.topic}", daemon=True)
        self._options = options
        self._process = process
        self._most_owed = most_owed
        self._linger_seconds = linger_seconds
        self._drops_too_large = drops_too_large
        self._writer: str = options.transactional_id or saved.get("writer") or uuid.uuid4().hex
        self._changed = threading.Condition()
        here = saved.get("topic") == options.topic
        self._since = {int(number): end for number, end in saved["ends"].items()} if here else None
        """Where each partition is to be read back from after a crash."""
        self._read_to = self._since
        """Up to where each partition is known."""
        self._present = Present()
        """What is there of events that will come once more."""
        self._owed: deque[Outgoing] = deque()
        self._owed_bytes = 0
        self.lost = 0
        """Rows that the topic did not take in any form, for their size."""
        self._open = self._hurry = self._closing = False
        self._failure: Exception | None = None
        self.trouble = ""
        """Why nothing can be written now; empty where it can, or where that is not known yet."""
        # What only the thread itself uses.
        self._connected_before = False
        self._most = MOST_IN_ONE_TRANSACTION
        self._tried = 0
        self._failures = 0
        self._too_large_bytes: int | None = None

    # For the loop's thread.

    @property
    def full(self) -> bool:
        """Whether nothing more should be given for now."""
        much = len(self._owed) >= self._most_owed or self._owed_bytes >= MOST_BYTES_OWED
        return bool(self.trouble) or self._failure is not None or much

    def take(self, rows: Sequence[Outgoing]) -> None:
        """Take rows to write."""
        with self._changed:
            new = self._not_there(rows) if self._open else rows
            self._owed.extend(new)
            self._owed_bytes += sum(row.size for row in new)
            self._hurry |= len(self._owed) >= self._most_owed or self._owed_bytes >= MOST_BYTES_OWED
            self._changed.notify_all()

    def wait(self, timeout_seconds: float) -> bool:
        """Return whether everything is committed, waiting that long. Raises SinkUnavailableError."""
        with self._changed:
            self._hurry = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._settled or self._failure is not None, timeout_seconds)
            if self._failure is not None:
                raise self._failure
            return self._settled

    def state_dict(self) -> dict[str, Any]:
        """Return who writes, and the offset in each partition from which on the topic is to be read back."""
        with self._changed:
            since = self._since if self._present else self._read_to
            ends = {str(number): end for number, end in sorted((since or {}).items())}
            return {"writer": self._writer, "topic": self._options.topic, "ends": ends} if ends else {}

    def end(self) -> None:
        """Wait shortly for what is not committed yet, where nothing is in the way; then end the thread."""
        with self._changed:
            self._hurry = True
            self._changed.notify_all()
            if self._open:
                self._changed.wait_for(lambda: self._settled or not self._open, CLOSE_SECONDS)
            self._closing = True
            self._changed.notify_all()
        self.join(2 * CLOSE_SECONDS)

    @property
    def _settled(self) -> bool:
        return self._open and not self._owed

    # The thread.

    def run(self) -> None:
        """Connect and write until an error, then again."""
        while not self._closing:
            try:
                self._connect_and_write()
            except TooLargeError as error:
                self._make_smaller(error)
            except errors.KafkaConfigurationError as error:
                self._fail(error)
            except (errors.KafkaError, OSError) as error:
                self._wait_out(error)
            except Exception as error:
                log.exception("what writes to topic %s has failed", self._options.topic)
                self._fail(self._unavailable(repr(error)))
            finally:
                self._set(open_=False)

    def _connect_and_write(self) -> None:
        name = self._options.transactional_id or f"retaind-{self._writer}-{self._options.topic}"
        producer = new_producer(self._options, name, stop=self._stopped)
        try:
            self._read_back()
            if self._closing:
                return
            self._connected_before, self._failures = True, 0
            self._set(open_=True)
            while rows := self._next():
                self._commit(rows, producer.write(rows, self._header))
        finally:
            producer.close()

    def _stopped(self) -> bool:
        return self._closing

    def _read_back(self) -> None:
        """Find out what the topic has of what it was given, or may be given again."""
        tail = OutputTail.read(self._options, self._read_to, writer=self._writer, stop=self._stopped)
        if self._connected_before and tail.processes - {self._process}:
            self._fail(self._unavailable("another process has taken over, under the same name or state"))
        with self._changed:
            if not self._closing:
                self._present.add(tail.positions)
                self._since = self._since or tail.ends
                self._read_to = tail.ends
                self._owed = deque(self._not_there(self._owed))
                self._owed_bytes = sum(row.size for row in self._owed)

    def _not_there(self, rows: Iterable[Outgoing]) -> list[Outgoing]:
        return [row for row in rows if not self._present.take(row.position)] if self._present else list(rows)

    def _next(self) -> list[Outgoing]:
        """Wait for rows and return those to write next, none at the end."""
        with self._changed:
            while not self._owed and not self._closing:
                self._hurry = False
                self._changed.notify_all()
                self._changed.wait()
            # Others may share the transaction, where they come that fast: after one alone nobody is waited for.
            if self._linger_seconds and self._tried > 1 and not self._hurry:
                self._changed.wait_for(lambda: self._hurry or self._closing, self._linger_seconds)
            rows = [] if self._closing else self._some()
            self._tried = len(rows)
            return rows

    def _some(self) -> list[Outgoing]:
        rows: list[Outgoing] = []
        size = 0
        for row in islice(self._owed, self._most):
            fitting = self._fitting(row)
            size += fitting.size
            if rows and size > MOST_BYTES_IN_ONE_TRANSACTION:
                break
            rows.append(fitting)
        return rows

    def _fitting(self, row: Outgoing) -> Outgoing:
        while self._too_large_bytes is not None and row.size >= self._too_large_bytes and row.smaller is not None:
            row = row.smaller()
        return row

    def _header(self, row: Outgoing) -> tuple[str, bytes]:
        return HEADER, Origin(self._writer, self._process, row.position).encode()

    def _commit(self, rows: Sequence[Outgoing], ends: Mapping[int, int]) -> None:
        """Note that rows are in the topic."""
        self._most = min(2 * self._most, MOST_IN_ONE_TRANSACTION)
        with self._changed:
            for _ in rows:
                self._owed_bytes -= self._owed.popleft().size
            self._read_to = {**(self._read_to or {}), **ends}
            self._changed.notify_all()

    def _make_smaller(self, error: TooLargeError) -> None:
        """Try half as many rows, until the one is alone that is too large; write what stands for that one."""
        self._most = max(1, self._tried // 2)
        if self._tried > 1:
            return
        with self._changed:
            row = self._fitting(self._owed[0])
            self._too_large_bytes = min(row.size, self._too_large_bytes or row.size)
            if row.smaller is not None:
                self._put_first(row.smaller())
            elif self._drops_too_large:
                self._drop(row, error)
            else:
                self._fail(self._unavailable(str(error)))

    def _put_first(self, row: Outgoing) -> None:
        self._owed_bytes += row.size - self._owed[0].size
        self._owed[0] = row

    def _drop(self, row: Outgoing, error: TooLargeError) -> None:
        """Let go of what the topic takes in no form, rather than of all that comes behind it."""
        self._owed_bytes -= self._owed.popleft().size
        self.lost += 1
        where = (row.position.topic, row.position.partition, row.position.place)
        log.error("topic %s takes no letter of %s/%d at offset %s: %s", self._options.topic, *where, error)
        self._changed.notify_all()

    def _wait_out(self, error: Exception) -> None:
        seconds = min(FIRST_BACKOFF_SECONDS * 2**self._failures, LAST_BACKOFF_SECONDS)
        self._failures += 1
        with self._changed:
            self._set(open_=False, trouble=str(error) or type(error).__name__)
            self._changed.wait_for(self._stopped, seconds)

    def _unavailable(self, why: str) -> SinkUnavailableError:
        return SinkUnavailableError(f"topic {self._options.topic} cannot be written to: {why}")

    def _fail(self, error: Exception) -> None:
        with self._changed:
            self._failure = error
            self._closing = True
            self._changed.notify_all()

    def _set(self, *, open_: bool | None = None, trouble: str = "") -> None:
        with self._changed:
            self._open = self._open if open_ is None else open_
            self.trouble = "" if self._open else trouble or self.trouble
            self._changed.notify_all()
