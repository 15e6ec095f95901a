"""Waits until a sink has taken what it was given."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connectors.sink import Sink

DEADLINE_SECONDS = 60.0


def until_settled(sink: Sink) -> None:
    """Settle as the loop does, again and again."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not sink.settle(0.2):
        assert time.monotonic() < deadline, sink.trouble
