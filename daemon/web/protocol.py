"""uvicorn's HTTP/1.1 connection with what it lacks against slow and wrong clients."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import h11
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

if TYPE_CHECKING:
    from asyncio import TimerHandle, Transport
    from collections.abc import Callable

MOST_HEAD_BYTES = 16 * 1024
HEAD_SECONDS = 10.0
ANSWER_SECONDS = 75.0
_HEARING_SECONDS = 1.0
_BAD_REQUEST, _HEAD_TOO_LARGE = 400, 431


class BoundedH11Protocol(H11Protocol):
    """Ends a connection whose request is not there, or whose answer is not taken, within a time."""

    def __init__(self, *of: Any, left: Callable[[BoundedH11Protocol], None] = lambda _: None, **more: Any) -> None:
        """``left`` is told when the connection has ended."""
        super().__init__(*of, **more)
        self._left = left
        self._deadline: TimerHandle | None = None
        self._answers = False
        self._since = self.loop.time()
        self._heard = False
        self.connected = False
        """Whether it is there, its TLS handshake done."""

    @property
    def had_a_hearing(self) -> bool:
        """Whether what was sent was looked at, or does not come."""
        return self._heard or self.loop.time() - self._since > _HEARING_SECONDS

    def claim(self) -> tuple[bool, bool, float]:
        """Return how good its claim on its place is: who is not heard yet, who is being answered, the newer."""
        return not self.had_a_hearing, self._answers, self._since

    def data_received(self, data: bytes) -> None:
        """Hear what is sent."""
        self._heard = True
        super().data_received(data)

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for a request."""
        super().connection_made(transport)
        self.connected = True
        self._await_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._stop_waiting()
        self._left(self)
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Give the answer its time once the request is there."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before and not self.cycle.response_complete:
            self._answers, self._since = True, self.loop.time()
            self._within(ANSWER_SECONDS)

    def on_response_complete(self) -> None:
        """Wait for the next request; one may be there already."""
        self._await_request()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Say what is wrong with a request that is none, and end the connection; called where h11 raises."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            # An answer is on its way already, or was given: there is no place for another.
            self.transport.abort()
            return
        error = sys.exception()
        hint = error.error_status_hint if isinstance(error, h11.RemoteProtocolError) else _BAD_REQUEST
        headers = [("content-type", "text/plain; charset=utf-8"), ("connection", "close")]
        events = [
            h11.Response(status_code=hint, headers=headers, reason=STATUS_PHRASES[hint]),
            h11.Data(data=_REASONS.get(hint, msg).encode()),
            h11.EndOfMessage(),
        ]
        self.transport.write(b"".join(self.conn.send(event) or b"" for event in events))
        self.transport.close()

    def shutdown_gently(self) -> None:
        """End once what is being answered is answered."""
        if self.connected and not self.transport.is_closing():
            self.shutdown()

    def _await_request(self) -> None:
        self._answers, self._since = False, self.loop.time()
        self._within(HEAD_SECONDS)

    def _within(self, seconds: float) -> None:
        self._stop_waiting()
        self._deadline = self.loop.call_later(seconds, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


_REASONS = {_HEAD_TOO_LARGE: f"the head of a request has at most {MOST_HEAD_BYTES} bytes\n"}
