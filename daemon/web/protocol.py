"""uvicorn's HTTP/1.1 connection with what it lacks against slow and many clients."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from asyncio import TimerHandle, Transport

MOST_CONNECTIONS = 128
HEAD_SECONDS = 10.0
ANSWER_SECONDS = 120.0


class BoundedH11Protocol(H11Protocol):
    """Ends a connection whose request is not there, or whose answer is not taken, within a time.

    A new connection beyond ``MOST_CONNECTIONS`` takes the place of the one that has been silent for longest: who
    only holds connections cannot keep others out.
    """

    silent_since: float | None = None
    """When it began to wait for a request, on the loop's clock; None while one is being answered."""
    _deadline: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for a request."""
        super().connection_made(transport)
        # asyncio does so by itself where a socket says that it is TCP's, which one that was accepted does not: the
        # body of an answer would wait 40 ms for the acknowledgement of its head.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._await_request()
        others = [each for each in self.connections if isinstance(each, BoundedH11Protocol) and each is not self]
        silent = [(since, each) for each in others if (since := each.silent_since) is not None]
        if len(others) >= MOST_CONNECTIONS and silent:
            min(silent, key=lambda pair: pair[0])[1].transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Give the answer its time once the request is there."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before and not self.cycle.response_complete:
            self.silent_since = None
            self._within(ANSWER_SECONDS)

    def on_response_complete(self) -> None:
        """Wait for the next request; one may be there already."""
        self._await_request()
        super().on_response_complete()

    def _await_request(self) -> None:
        self.silent_since = self.loop.time()
        self._within(HEAD_SECONDS)

    def _within(self, seconds: float) -> None:
        self._stop_waiting()
        self._deadline = self.loop.call_later(seconds, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
