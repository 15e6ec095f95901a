"""Lets each address have so many answers a second: what it asks beyond that waits its turn."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

    from starlette.types import ASGIApp, Receive, Scope, Send

PER_SECOND = 200.0
_BURST = 100
_LONGEST_WAIT_SECONDS = 1.0
_MOST_ADDRESSES = 4096


class Turns:
    """When the next request of each address may be answered.

    >>> turns = Turns(per_second=2.0, burst=2, clock=lambda: 50.0)
    >>> [turns.wait_seconds("192.0.2.7") for _ in range(4)], turns.wait_seconds("192.0.2.8")
    ([0.0, 0.0, 0.5, 1.0], 0.0)
    """

    def __init__(self, *, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._apart = 1.0 / per_second
        self._ahead = (burst - 1) * self._apart
        self._clock = clock
        self._next: OrderedDict[str, float] = OrderedDict()

    def wait_seconds(self, address: str) -> float:
        """Take the next turn of an address; return how long it is until then."""
        now = self._clock()
        turn = max(self._next.get(address, 0.0), now - self._ahead)
        self._next[address] = turn + self._apart
        self._next.move_to_end(address)
        if len(self._next) > _MOST_ADDRESSES:
            self._next.popitem(last=False)
        return max(0.0, turn - now)

    def give_back(self, address: str) -> None:
        """Take no turn after all."""
        self._next[address] -= self._apart


class Pace:
    """Answers an address at most ``PER_SECOND`` times a second, each request in its turn.

    Whoever asks in a loop is so kept waiting rather than told no, at which it would only ask again: that costs
    nothing. As each connection waits with one request, the bound of connections bounds the wait.
    """

    def __init__(
        self, app: ASGIApp, *, exempt: AbstractSet[str] = frozenset(), refused: Callable[[], None] = lambda: None
    ) -> None:
        """``exempt`` are paths with a limit of their own."""
        self._app = app
        self._exempt = exempt
        self._refused = refused
        self._turns = Turns(per_second=PER_SECOND, burst=_BURST)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve in its turn; refuse with 429 where that would be too late."""
        if scope["path"] not in self._exempt:
            address = (scope.get("client") or ("",))[0]
            wait = self._turns.wait_seconds(address)
            if wait > _LONGEST_WAIT_SECONDS:
                self._turns.give_back(address)
                self._refused()
                await _TOO_OFTEN(scope, receive, send)
                return
            if wait:
                await asyncio.sleep(wait)
        await self._app(scope, receive, send)


_TOO_OFTEN = PlainTextResponse("too many requests\n", status_code=429, headers={"Retry-After": "1"})
