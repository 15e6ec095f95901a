"""A stream on which repeating the last label is hard to beat at first, and easy later."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.daemon.lives import small_config

if TYPE_CHECKING:
    from pathlib import Path

    from daemon.config.schema import Config
    from daemon.service import Service

ROWS = 4_000
"""Events whose label stays for long and has nothing to do with their fields; after them it is told by one."""


def persistent(directory: Path) -> Config:
    """Write the stream, and return the configuration of a daemon that learns it without a committee."""
    lines = [{"a": number % 7, "b": number % 11, "y": number // 40 % 2} for number in range(ROWS)]
    lines += [{"a": number % 2, "b": 0, "y": number % 2} for number in range(2 * ROWS)]
    path = directory / "stream.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return small_config(
        directory,
        source={"type": "file", "path": str(path)},
        decoder={"type": "json", "label": "y"},
        tasks={"type": "none"},
        retention={"window": 50, "every_events": 2_000},
        companions={"naive": {}, "frozen": None},
        committee=None,
        http={"port": 0},
    )


def learn_until(service: Service, *, events: int) -> None:
    """Learn so many events at least, and show how everything stands."""
    while service.loop.pipeline.events < events:
        service.turn()
    service.loop.save()
