"""A stream in which one key has values, and a text, that are found again by their bytes wherever they are."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from connectors.memory_source import END, MemorySource
from connectors.record import LocalRecord
from daemon.config.schema import Config
from strategies.precision import Half
from tests.daemon.lives import SMALL, Clock, Life

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUBJECT = b"Zz planted subject"
VALUES = {"a": 0.7310571, "b": -1.3218329, "c": 0.4493019}
LABEL = 3.1415927
ROWS = 199
_OF_SUBJECT = {40, 41, 60, 77, 83, 98, 112, 150, 151, 160, 190, 197, 198}


def planted(*, numbers: bool = False, rows: int = ROWS) -> list[LocalRecord]:
    """Events of six keys and two tasks; the subject's are alike."""
    chance, records = np.random.default_rng(1), []
    for place in range(rows):
        x = chance.normal(size=3)
        key, values = b"k%d" % (place % 5), dict(zip("abc", x.tolist(), strict=True))
        label: Any = float(x.sum()) if numbers else f"class {int(x.argmax())}"
        if place in _OF_SUBJECT:
            key, values, label = SUBJECT, VALUES, LABEL if numbers else label
        event = values | {"y": label, "task": f"task {place // 100}", "kind": f"kind {place % 3}"}
        value = orjson.dumps(event) if place not in {65, 197} else b"not JSON: " + key
        records.append(LocalRecord("s", 0, place, 1_700_000_000_000 + place * 1_000, key, value, []))
    return records


def config_of(directory: Path, sections: dict[str, Any], *, numbers: bool = False) -> Config:
    own = {
        "decoder": SMALL["decoder"] | {"features": ["a", "b", "c"]},
        "label": {"type": "number", "coverage": 0.9} if numbers else {"max_classes": 3},
        "retention": SMALL["retention"] | {"probe_share": 0.3},
        "checkpoint": {"directory": str(directory), "every_events": 60, "every_seconds": 1e9},
        "dead_letters": {"type": "file", "path": str(directory / "dead.jsonl")},
    }
    together = SMALL | own | sections
    if "targets" in sections:
        del together["label"]
    return Config.model_validate(together)


def learned(config: Config, directory: Path, *, numbers: bool = False) -> Life:
    """Learn the stream but for its end, and save."""
    life = Life(config, MemorySource([*planted(numbers=numbers), END]), directory=directory, clock=Clock())
    life.start()
    while not life.source.exhausted:
        life.loop.turn()
    life.loop.save()
    life.loop.close()
    return life


def traces(directory: Path) -> list[str]:
    """Where the subject's values, key or hash are, in whatever file below a directory, raw."""
    found = []
    for path in sorted(each for each in directory.rglob("*") if each.is_file()):
        content = path.read_bytes()
        found += [f"{path.relative_to(directory)}: {name}" for name, needle in _needles() if needle in content]
    return found


def _needles() -> Iterator[tuple[str, bytes]]:
    for name, value in (VALUES | {"y": LABEL}).items():
        for kind in (np.float64, np.float32):
            yield f"{name} as {kind.__name__}", kind(value).tobytes()
    yield (
        "the row as float16",
        Half(3, (0.0, 1.0)).encode(np.array(list(VALUES.values()), dtype=np.float32)).tobytes(),
    )
    yield "the key", SUBJECT
    yield "the key in base64", b"WnogcGxhbnRlZCBzdWJqZWN0"
    yield "the key's hash", np.int64(zlib.crc32(SUBJECT)).tobytes()
