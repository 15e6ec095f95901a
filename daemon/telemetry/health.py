"""What the loop lets others know about itself: that it turns, whether it is ready, and its status."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from daemon.process.json_text import json_text
from daemon.process.redaction import redacted
from daemon.telemetry.vital_signs import MEMORY_BYTES, Signs, VitalSigns, write

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from daemon.telemetry.vital_signs import Memory


class Health(VitalSigns):
    """Written by the loop's thread alone, read by any, and by another process where its memory is shared.

    ``turn_limit_seconds`` is how long a turn may take before the loop counts as stuck.
    """

    def __init__(self, *, turn_limit_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(bytearray(MEMORY_BYTES), clock=clock)
        self._turn_limit_seconds = turn_limit_seconds
        self._status: Mapping[str, Any] = {}
        self._say(Signs(clock(), turn_limit_seconds, unready_reason="starting"))

    def share(self, memory: Memory) -> None:
        """Say it in other memory from now on; before the loop begins."""
        write(self.signs, memory)
        self._memory = memory

    def turned(self, *, next_within_seconds: float | None = None) -> None:
        """Say that the loop turns. Before a long piece of work, such as a restore, say how long it may take."""
        limit = self._turn_limit_seconds if next_within_seconds is None else next_within_seconds
        self._say(self._said._replace(turned=self._clock(), limit_seconds=limit))

    def ready(self) -> None:
        """Say that the state is restored, the source assigned and not stalled."""
        self._say(self._said._replace(unready_reason=""))

    def not_ready(self, reason: str) -> None:
        """Say why events are not being learned, in words for an operator."""
        assert reason
        self._say(self._said._replace(unready_reason=reason))

    def publish(self, status: Mapping[str, Any]) -> None:
        """Let ``/status`` show these JSON values, which are not changed any more; it costs nothing until asked."""
        self._status = dict(status)

    def status(self) -> str:
        """Return the JSON of what was published last, made now: no secrets, null for what is not finite."""
        return json_text(redacted(self._status))

    def _say(self, signs: Signs) -> None:
        self._said = signs
        write(signs, self._memory)
