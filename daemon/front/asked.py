"""Asks the daemon over the link, from the event loop of the process that answers HTTP."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from itertools import count
from typing import TYPE_CHECKING, Any

import orjson

from daemon.web.asking import NoAnswerError, Outcome
from daemon.web.freshness import Freshness
from daemon.web.tap_ring import TapRing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from daemon.front.link import Link, Message
    from daemon.web.asking import Report
    from daemon.web.control import Action

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
        self._fresh: defaultdict[str, Freshness] = defaultdict(Freshness)
        self._awaited: dict[str, asyncio.Future[bytes]] = {}
        self._orders: dict[int, asyncio.Future[Outcome]] = {}
        self._numbers = count()
        self.tapped = TapRing()
        """Events that the daemon tells of while somebody watches."""
        self._loop.add_reader(link.fileno(), self._hear)

    async def report(self, name: Report) -> bytes:
        """Return a report, made now or a moment ago; raise ``NoAnswerError``."""
        if name not in self._awaited:
            if name in self._reports and not self._fresh[name].may_be_made:
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
            if action == "forget":
                self.tapped.clear()

    def tap(self, every: int) -> None:
        """Ask for one event in so many, for a while; they come to ``tapped``."""
        self._link.send({"kind": "tap", "every": every})

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
                self._fresh[message.about["report"]].made(message.about["seconds"])
                self._reported(message.about["report"], message.data())
            case "outcome":
                # What is told from now on tells of what was done.
                self._reports.clear()
                order = self._orders.get(message.about["number"])
                if order is not None and not order.done():
                    order.set_result(Outcome(message.about["status"], orjson.loads(message.data())))
                else:
                    message.drop()
            case "tapped":
                self.tapped.add(message.about["line"].encode())
            case "model":
                try:
                    self._receive_model(message)
                except Exception as error:  # noqa: BLE001 - whatever it is, the former copy still answers
                    self.log(
                        "error", "a copy of the model was not taken", reason=f"{type(error).__name__}: {error}"
                    )

    def _reported(self, name: str, data: bytes) -> None:
        self._reports[name] = data
        awaited = self._awaited.pop(name, None)
        if awaited is not None:
            awaited.set_result(data)
