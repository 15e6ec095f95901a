"""Answers the process that answers HTTP: reports are made when it asks, orders go to the loop."""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from daemon.process.json_text import json_text
from daemon.web.control import StoppingError, TooManyWaitingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future

    from daemon.front.link import Link, Message
    from daemon.web.control import Action, Answer, Control

log = structlog.get_logger("retaind")

_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_OK, _ACCEPTED, _CONFLICT, _TOO_MANY, _FAILED, _STOPPING, _LATE = 200, 202, 409, 429, 500, 503, 504


class Desk:
    """Hears what is asked over a link, on a thread of its own, until the link ends."""

    def __init__(
        self,
        reports: Mapping[str, Callable[[], bytes]],
        control: Control,
        *,
        tap: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Make ``reports`` on that thread, each asked for by its name; ``tap`` is told who wants events."""
        self._tap = tap
        self._reports = reports
        self._control = control

    def serve(self, link: Link, *, began: Callable[[], None] = lambda: None) -> None:
        """Answer until the other end is gone; ``began`` is called when it serves others."""
        orders: dict[int, Future[Answer]] = {}
        while (message := link.receive()) is not None:
            if message.about["kind"] == "serves":
                began()
            try:
                self._hear(message, link, orders)
            except Exception:
                log.exception("what was asked over HTTP was not answered", asked=message.about.get("kind"))

    def _hear(self, message: Message, link: Link, orders: dict[int, Future[Answer]]) -> None:
        about = message.about
        match about["kind"]:
            case "ask":
                begun = time.thread_time()
                name, report = about["report"], self._reports[about["report"]]()
                link.send_data({"kind": "report", "report": name, "seconds": time.thread_time() - begun}, report)
            case "order":
                self._order(about, link, orders)
            case "tap":
                self._tap(about["every"])
            case "give up":
                self._give_up(about, link, orders)
            case "log":
                log.log(_LEVELS[about["level"]], about["event"], **about["about"])

    def _order(self, about: dict[str, Any], link: Link, orders: dict[int, Future[Answer]]) -> None:
        number, action = about["number"], about["action"]
        log.info("requested over HTTP", action=action, client=about["client"])
        try:
            keys = [key.encode() for key in about.get("keys", ())]
            order = self._control.ask(action, keys=keys, by=f"http {about['client']}")
        except TooManyWaitingError:
            problem = "the loop has not reached the earlier requests yet"
            _tell(link, number, _TOO_MANY, {"error": problem})
        except StoppingError:
            _tell(link, number, _STOPPING, {"error": "the daemon is stopping"})
        else:
            orders[number] = order
            order.add_done_callback(partial(_tell_outcome, link, number, action))

    def _give_up(self, about: dict[str, Any], link: Link, orders: dict[int, Future[Answer]]) -> None:
        """Take an order back that has not begun; say so of one that has."""
        order = orders.pop(about["number"], None)
        if order is not None and not order.done() and not order.cancel():
            _tell_late(link, about["number"], begun=True)


def _tell_outcome(link: Link, number: int, action: Action, order: Future[Answer]) -> None:
    if order.cancelled():
        _tell_late(link, number, begun=False)
        return
    error = order.exception()
    if isinstance(error, StoppingError):
        _tell(link, number, _STOPPING, {"error": "the daemon is stopping"})
    elif error is not None:
        # The loop's thread has it too, and ends of it.
        _tell(link, number, _FAILED, {"error": "it failed and ends the daemon; the log says why"})
    else:
        answer = order.result()
        status = _CONFLICT if not answer.done else _ACCEPTED if action == "quit" else _OK
        _tell(link, number, status, {"action": action, "done": answer.done, **answer.told})


def _tell_late(link: Link, number: int, *, begun: bool) -> None:
    state = "it has begun and goes on" if begun else "nothing was done"
    _tell(link, number, _LATE, {"error": f"the loop has not answered in time; {state}"})


def _tell(link: Link, number: int, status: int, told: Mapping[str, Any]) -> None:
    link.send_data({"kind": "outcome", "number": number, "status": status}, json_text(told).encode())
