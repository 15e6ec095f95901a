"""What the pages ask the loop: reports that it gives of itself, and orders that it carries out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemon.web.control import Action

Report = Literal["text", "openmetrics", "status", "history"]
"""The metrics in either of Prometheus' forms, and the JSON of ``/status`` and of the page."""


class NoAnswerError(Exception):
    """The daemon does not answer in time."""


class Outcome(NamedTuple):
    """What came of an order: HTTP's status, and JSON values."""

    status: int
    told: dict[str, Any]


class Daemon(Protocol):
    """Whoever can be asked, on the HTTP server's event loop."""

    async def report(self, name: Report) -> bytes:
        """Return a report, one that is made now or not long ago; raise ``NoAnswerError``."""

    async def order(
        self, action: Action, *, client: str, patience_seconds: float, keys: Sequence[str] = ()
    ) -> Outcome:
        """Have something done; return what came of it, and when the patience ends, that nothing has yet.

        ``keys`` are what is to be forgotten.
        """
