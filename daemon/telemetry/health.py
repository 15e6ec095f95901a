"""What the loop lets others know about itself: that it turns, whether it is ready, and its status."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from daemon.process.json_text import json_text
from daemon.process.redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class _Signs:
    turned: float
    limit_seconds: float
    unready_reason: str
    status: str


class Health:
    """Written by the loop's thread alone, read by any: one immutable value that is replaced whole.

    ``turn_limit_seconds`` is how long a turn may take before the loop counts as stuck.
    """

    def __init__(self, *, turn_limit_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._turn_limit_seconds = turn_limit_seconds
        self._signs = _Signs(clock(), turn_limit_seconds, unready_reason="starting", status="{}")

    def turned(self, *, next_within_seconds: float | None = None) -> None:
        """Say that the loop turns. Before a long piece of work, such as a restore, say how long it may take."""
        limit = self._turn_limit_seconds if next_within_seconds is None else next_within_seconds
        self._signs = replace(self._signs, turned=self._clock(), limit_seconds=limit)

    def ready(self) -> None:
        """Say that the state is restored, the source assigned and not stalled."""
        self._signs = replace(self._signs, unready_reason="")

    def not_ready(self, reason: str) -> None:
        """Say why events are not being learned, in words for an operator."""
        assert reason
        self._signs = replace(self._signs, unready_reason=reason)

    def publish(self, status: Mapping[str, Any]) -> None:
        """Let ``/status`` show these JSON values; secrets are redacted, what is not finite becomes null."""
        self._signs = replace(self._signs, status=json_text(redacted(status)))

    def why_not_alive(self) -> str | None:
        """Return why the loop counts as stuck, None where it turns."""
        signs = self._signs
        silent = self._clock() - signs.turned
        if silent <= signs.limit_seconds:
            return None
        return f"the loop has not turned for {silent:.1f} s; its limit is {signs.limit_seconds:g} s"

    def why_not_ready(self) -> str | None:
        """Return why the daemon is not ready, None where it is."""
        return self._signs.unready_reason or self.why_not_alive()

    def status(self) -> str:
        """Return the JSON that was published last."""
        return self._signs.status
