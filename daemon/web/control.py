"""What was asked for over HTTP, for the loop to do between two turns."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Action = Literal["reload", "checkpoint", "consolidate", "forget", "quit"]
_MOST_WAITING = 8


class TooManyWaitingError(Exception):
    """The loop has not reached the earlier requests yet."""


class StoppingError(Exception):
    """The daemon stops, and does nothing any more that is asked for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it."""

    done: bool
    told: Mapping[str, Any]
    """JSON values for who has asked."""


@dataclass(frozen=True, slots=True)
class _Order:
    action: Action
    keys: tuple[bytes, ...] = ()
    """What is to be forgotten."""
    by: str = ""
    """Who asks for that."""
    answer: Future[Answer] = field(default_factory=Future)


class Control:
    """Takes orders on any thread; the loop's thread carries them out, one at a time.

    Who gives up waiting cancels the future; an order that has not begun is then left out.
    """

    def __init__(self) -> None:
        self._orders: queue.Queue[_Order] = queue.Queue(_MOST_WAITING)
        self._closed = threading.Event()

    def ask(self, action: Action, *, keys: Sequence[bytes] = (), by: str = "") -> Future[Answer]:
        """Return what will hold the answer; raise ``TooManyWaitingError`` or ``StoppingError``.

        ``keys`` are what is to be forgotten, and ``by`` is who asks for it.
        """
        order = _Order(action, tuple(keys), by)
        try:
            self._orders.put_nowait(order)
        except queue.Full as error:
            raise TooManyWaitingError from error
        if self._closed.is_set():
            # After that, so that none is left behind that nobody answers.
            self.close()
        return order.answer

    def serve(
        self,
        do: Callable[[Action], Answer],
        *,
        forget: Callable[[Sequence[bytes], str], Answer] | None = None,
    ) -> None:
        """Carry out the oldest order, if there is any; what it raises is raised, here and to who has asked.

        ``forget`` is given keys, and who asks for it.
        """
        order = self._next()
        if order is None or not order.answer.set_running_or_notify_cancel():
            return
        try:
            if forget is not None and order.action == "forget":
                order.answer.set_result(forget(order.keys, order.by))
            else:
                order.answer.set_result(do(order.action))
        except BaseException as error:
            order.answer.set_exception(error)
            raise

    def close(self) -> None:
        """Carry out nothing any more: whoever waits, or asks later, gets a ``StoppingError``."""
        self._closed.set()
        while (order := self._next()) is not None:
            if order.answer.set_running_or_notify_cancel():
                order.answer.set_exception(StoppingError())

    def _next(self) -> _Order | None:
        try:
            return self._orders.get_nowait()
        except queue.Empty:
            return None
