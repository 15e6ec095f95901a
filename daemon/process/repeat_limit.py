"""Lets the same message through a few times in a while, and counts the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Message(NamedTuple):
    """What makes two messages the same: neither values nor offsets, but who says what, and how loud."""

    logger: str
    level: int
    event: str


@dataclass(slots=True)
class _Window:
    ends: float
    admitted: int = 0
    suppressed: int = 0


class RepeatLimit:
    """Admits ``burst`` equal messages within ``window_seconds``, counted from the first.

    At most ``max_messages`` different ones are told apart; others share one window.

    >>> limit = RepeatLimit(burst=2, window_seconds=60, clock=lambda: 0.0)
    >>> [limit.admits(Message("daemon.loop.loop", 30, "broker unreachable")) for _ in range(3)]
    [True, True, False]
    """

    def __init__(
        self, *, burst: int, window_seconds: float, clock: Callable[[], float], max_messages: int = 256
    ) -> None:
        assert burst >= 1
        self._burst = burst
        self._window_seconds = window_seconds
        self._clock = clock
        self._max_messages = max_messages
        self._windows: dict[Message, _Window] = {}

    def admits(self, message: Message) -> bool:
        """Return whether to show the message; count it where not. Call ``expired`` first."""
        if message not in self._windows and len(self._windows) >= self._max_messages:
            message = Message("", message.level, "(others)")
        window = self._windows.setdefault(message, _Window(ends=self._clock() + self._window_seconds))
        if window.admitted < self._burst:
            window.admitted += 1
            return True
        window.suppressed += 1
        return False

    def expired(self) -> list[tuple[Message, int]]:
        """Close the windows that have ended; return what was suppressed in them, with its number."""
        now = self._clock()
        return self._close([message for message, window in self._windows.items() if window.ends <= now])

    def all(self) -> list[tuple[Message, int]]:
        """Close every window; return what was suppressed, with its number."""
        return self._close(list(self._windows))

    def _close(self, messages: list[Message]) -> list[tuple[Message, int]]:
        closed = [(message, self._windows.pop(message).suppressed) for message in messages]
        return [(message, suppressed) for message, suppressed in closed if suppressed]
