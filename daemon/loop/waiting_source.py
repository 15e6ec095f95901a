"""A source whose records wait until they can be decoded."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import structlog

from connectors.decoder import DecoderUnavailableError
from connectors.source import Rewindable, why_not_all_before, why_not_back_to

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connectors.record import Record
    from connectors.source import Source, SourceStatus

log = structlog.get_logger("retaind")


class WaitingSource:
    """Delivers what another source does once ``prepare`` has got what decoding it needs, such as schemas.

    Until then nothing else is read, ``status`` says what is missing, and the snapshot is the one from before: what
    waits is read again after a restart. So whatever is away, no record is rejected for it and none is lost.
    ``prepare`` is also called with nothing: what was delivered and is held back, as a restored state may have it,
    needs the same.
    """

    def __init__(
        self,
        source: Source,
        *,
        prepare: Callable[[Sequence[Record]], None],
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._source = source
        self._prepare = prepare
        self._monotonic = monotonic
        self._sleep = sleep
        self._prepared = False
        self._waiting: Sequence[Record] = ()
        self._before: dict[str, Any] = {}
        self._reason = ""

    def open(self, snapshot: Mapping[str, Any] | None) -> None:
        """Open the source; what waits is dropped, and delivered again from there."""
        self._prepared, self._waiting, self._reason = False, (), ""
        self._source.open(snapshot)

    def poll(self, max_records: int, timeout_seconds: float) -> Sequence[Record]:
        """Return what was read, as soon as it can be decoded."""
        if self._reason:
            self._rest(timeout_seconds)
        else:
            self._before = self._source.snapshot()
            self._waiting = self._source.poll(max_records, timeout_seconds)
        return self._delivered()

    def _delivered(self) -> Sequence[Record]:
        try:
            self._prepare(self._waiting)
        except DecoderUnavailableError as error:
            self._prepared = False
            self._tell(str(error))
            return ()
        self._prepared = True
        self._tell("")
        records, self._waiting = self._waiting, ()
        return records

    def _rest(self, timeout_seconds: float) -> None:
        deadline = self._monotonic() + timeout_seconds
        self._source.poll(0, timeout_seconds)
        self._sleep(max(0.0, deadline - self._monotonic()))

    def _tell(self, reason: str) -> None:
        if reason != self._reason:
            self._reason = reason
            if reason:
                log.warning("events wait to be decoded", reason=reason)
            else:
                log.info("events can be decoded again")

    def snapshot(self) -> dict[str, Any]:
        """Return the positions after all that was delivered, and not what waits."""
        return self._before if self._waiting else self._source.snapshot()

    def why_not_back_to(self, snapshot: Mapping[str, Any]) -> str:
        """Return why the source cannot go back to an earlier snapshot; empty where it can."""
        return why_not_back_to(self._source, snapshot)

    def why_not_all_before(self, snapshot: Mapping[str, Any]) -> str:
        """Return why not all that lies before a snapshot can be delivered; empty where it can."""
        return why_not_all_before(self._source, snapshot)

    def lies_before(self, snapshot: Mapping[str, Any]) -> Callable[[Record], bool]:
        """Return what tells whether a record lies before the positions of a snapshot."""
        assert isinstance(self._source, Rewindable)
        return self._source.lies_before(snapshot)

    def has_passed(self, snapshot: Mapping[str, Any]) -> bool:
        """Tell whether all that lies before a snapshot was delivered: not while it may be what waits."""
        assert isinstance(self._source, Rewindable)
        return not self._waiting and self._source.has_passed(snapshot)

    def commit(self, snapshot: Mapping[str, Any]) -> bool:
        """Make the positions visible to others, and return whether they are."""
        return self._source.commit(snapshot)

    def status(self) -> SourceStatus:
        """Return what is known now; while something waits, it is not ready, for that reason."""
        status = self._source.status()
        return replace(status, ready=False, reason=self._reason) if self._reason else status

    @property
    def exhausted(self) -> bool:
        """Whether no event will ever come again: not while one waits, or may have to."""
        return self._prepared and not self._waiting and self._source.exhausted

    def close(self) -> None:
        """Close the source; what waits is dropped."""
        self._prepared, self._waiting = False, ()
        self._source.close()
