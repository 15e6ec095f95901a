"""Streams whose labels come later: in the values of later events, or in records of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from connectors.record import LocalRecord

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

START = 1_700_000_000_000
"""Milliseconds."""


def record(topic: str, offset: int, time: int, key: bytes | None, fields: Mapping[str, Any]) -> LocalRecord:
    return LocalRecord(topic, 0, offset, time, key, orjson.dumps(fields), [])


def sensors(
    rows: int, *, seed: int, keys: Sequence[bytes | None] = (b"a", b"b", None), missing: float = 0.0
) -> list[LocalRecord]:
    """Events of a slow wave under several keys, a task after another, some without a value."""
    chance = np.random.default_rng(seed)
    found, time = [], START
    for row in range(rows):
        time += int(chance.integers(-2_000, 20_000))
        value: float | None = round(float(np.sin(row / 9) + 0.1 * chance.normal()), 3)
        if chance.random() < missing:
            value = None
        fields = {"a": value, "b": float(chance.normal()), "task": "PQ"[row // 37 % 2]}
        found.append(record("stream", row, time, keys[int(chance.integers(len(keys)))], fields))
    return found


def labelled_later(rows: int, *, seed: int, number: bool = False, one_topic: bool = False) -> list[LocalRecord]:
    """Events with a key, an id and a time each, and labels after them, before them, twice, otherwise, or never."""
    chance = np.random.default_rng(seed)
    found: list[tuple[float, int, dict[str, Any], bool]] = []
    for row in range(rows):
        x = chance.normal(size=2)
        label: Any = float(x.sum()) if number else ["no", "yes"][int(x.sum() > 0)]
        event = {"a": float(x[0]), "b": float(x[1]), "id": row, "task": "PQ"[row // 41 % 2]}
        found.append((row, row, event, True))
        said = {"id": row, "y": label}
        if chance.random() < 0.05:
            found.append((row + 0.2, row, event, True))
        if chance.random() < 0.9:
            when = row + float(chance.choice([-7.5, 0.5, 3.5, 30.5, 90.5], p=[0.1, 0.2, 0.3, 0.3, 0.1]))
            found.append((when, row, said, False))
            if chance.random() < 0.1:
                found.append((when + float(chance.integers(0, 3)) + 0.1, row, said, False))
            if chance.random() < 0.1:
                other: Any = 7.0 if number else "no"
                found.append((when + float(chance.integers(0, 3)) + 0.2, row, {"id": row, "y": other}, False))
    found.sort(key=lambda each: each[0])
    records = []
    for offset, (when, row, fields, is_event) in enumerate(found):
        topic = "stream" if is_event or one_topic else "labels"
        kind = {"kind": "event" if is_event else "label"} if one_topic else {}
        time = START + row * 1_000 if is_event else START + int(max(0.0, when) * 1_000)
        records.append(record(topic, offset, time, b"%d" % row, {**fields, **kind, "t": START / 1_000 + row}))
    return records
