"""Asks the daemon over the link, from the event loop of the process that answers HTTP."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING, Any

import orjson

from daemon.web.asking import NoAnswerError, Outcome
from daemon.web.rate_limit import RateLimit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from daemon.front.link import Link, Message
    from daemon.web.asking import Report
    from daemon.web.control import Action

_PER_SECOND, _AT_FIRST = 1.0, 10.0
"""How often a report is made anew: once a second, after some in a row."""
_PATIENCE_SECONDS = 5.0
_LAST_WORD_SECONDS = 2.0


class AskedDaemon:
    """The daemon at the other end. However many ask for a report, one question is on its way."""

    def __init__(self, link: Link, *, receive_model: Callable[[Message], None], ended: Callable[[], None]) -> None:
        """``receive_model`` takes what comes unasked; ``ended`` is told of the end of the link."""
        self._link = link
        self._receive_model = receive_model
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._reports: dict[str, bytes] = {}
        self._limits: dict[str, RateLimit] = {}
        self._awaited: dict[str, asyncio.Future[bytes]] = {}
        self._orders: dict[int, asyncio.Future[Outcome]] = {}
        self._numbers = count()
        self._loop.add_reader(link.fileno(), self._hear)

    async def report(self, name: Report) -> bytes:
        """Return a report, made now or within the last second; raise ``NoAnswerError``."""
        if name not in self._awaited:
            limit = self._limits.setdefault(name, RateLimit(_PER_SECOND, most=_AT_FIRST))
            if not limit.takes_one() and name in self._reports:
                return self._reports[name]
            self._awaited[name] = self._loop.create_future()
            self._link.send({"kind": "ask", "report": name})
        try:
            return await asyncio.wait_for(asyncio.shield(self._awaited[name]), _PATIENCE_SECONDS)
        except TimeoutError:
            self._awaited.pop(name, None)
            raise NoAnswerError(f"the daemon has not answered for {_PATIENCE_SECONDS:g} s") from None

    async def order(
        self, action: Action, *, client: str, patience_seconds: float, keys: Sequence[str] = ()
    ) -> Outcome:
        """Have something done, between two turns of the loop; an order that has not begun in time is taken back."""
        number = next(self._numbers)
        outcome: asyncio.Future[Outcome] = self._loop.create_future()
        self._orders[number] = outcome
        order = {"kind": "order", "number": number, "action": action, "client": client}
        self._link.send(order | ({"keys": list(keys)} if keys else {}))
        try:
            await asyncio.wait({outcome}, timeout=patience_seconds)
            if not outcome.done():
                self._link.send({"kind": "give up", "number": number})
                await asyncio.wait({outcome}, timeout=_LAST_WORD_SECONDS)
            if outcome.done():
                return outcome.result()
            return Outcome(504, {"error": "the daemon has not answered in time; it may have begun"})
        finally:
            self._orders.pop(number, None)

    def log(self, level: str, event: str, **about: Any) -> None:
        """Let the daemon log something."""
        self._link.send({"kind": "log", "level": level, "event": event, "about": about})

    def _hear(self) -> None:
        try:
            message = self._link.receive(wait=False)
        except BlockingIOError:
            return
        if message is None:
            self._loop.remove_reader(self._link.fileno())
            self._ended()
            return
        match message.about["kind"]:
            case "report":
                self._reported(message.about["report"], message.data())
            case "outcome":
                order = self._orders.get(message.about["number"])
                if order is not None and not order.done():
                    order.set_result(Outcome(message.about["status"], orjson.loads(message.data())))
                else:
                    message.drop()
            case "model":
                self._receive_model(message)

    def _reported(self, name: str, data: bytes) -> None:
        self._reports[name] = data
        awaited = self._awaited.pop(name, None)
        if awaited is not None:
            awaited.set_result(data)
