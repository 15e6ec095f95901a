"""A file of events that is read again and again at full rate, one in fifty of them hostile."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from pathlib import Path

EVENTS = 20_000
HOSTILE = (
    b"\xff\xfe\x00",
    b"[" * 5_000,
    b'{"a": 1e999, "b": 1, "fault": "ok"}',
    b'{"a": "x", "b": 1, "fault": "ok"}',
    b'{"a": NaN, "b": 1, "fault": "ok"}',
    b'{"b": 1, "fault": "ok"}',
    b'{"a": 1, "b": 1}',
    b'{"a": 1, "b": 1, "fault": "' + b"x" * 20_000 + b'"}',
    '{"a": 1, "b": 1, "fault": "\u202eko"}'.encode(),
    b'{"a": 1, "b": 1, "fault": {"deep": [1]}}',
    b"null",
    b"",
    b'{"a": 1e30, "b": -1e30, "fault": "ok"}',
)


def write_events(path: Path, *, seed: int = 0) -> None:
    """Write them; tasks come and go, so that boundaries are drawn all along."""
    chance = random.Random(seed)
    with path.open("wb") as file:
        for number in range(EVENTS):
            file.write((chance.choice(HOSTILE) if chance.random() < 0.02 else _event(number, chance)) + b"\n")


def _event(number: int, chance: random.Random) -> bytes:
    a, b = chance.gauss(0, 1), chance.gauss(0, 1)
    regime = number * 4 // EVENTS
    return orjson.dumps(
        {"a": a, "b": b, "fault": "high" if a * (1 - regime) + b > 0 else "ok", "regime": f"regime {regime}"}
    )
