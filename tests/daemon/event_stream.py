"""Streams of JSON events with everything that a stream may bring, made from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from connectors.record import LocalRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FIELDS = ("a", "b", "c")
KEYS = (None, b"", b"k1", b"k2", b"a key of more than sixty-four bytes, which is known by its digest only")
BAD_VALUES = (None, b"", b"\xff\xfe", b"[1, 2]", b'{"a": "text", "b": 1, "c": 1, "y": 0}', b'{"a": NaN}')


@dataclass(frozen=True)
class Stretch:
    """Some events of one task, one after another."""

    task: str
    rows: int


def events(
    stretches: Sequence[Stretch],
    *,
    seed: int,
    regression: bool = False,
    bad_share: float = 0.0,
    missing_share: float = 0.0,
    classes: int = 3,
    level: float = 0.0,
) -> list[LocalRecord]:
    """The stretches' events in order; each task has its own rule from features to label.

    All features, and a label that is a number, lie about ``level``.
    """
    chance = np.random.default_rng(seed)
    values = list(
        _values(stretches, chance, regression=regression, missing_share=missing_share, classes=classes, level=level)
    )
    for place in np.flatnonzero(chance.random(len(values)) < bad_share).tolist():
        values[place] = BAD_VALUES[int(chance.integers(len(BAD_VALUES)))]
    keys = [KEYS[number] for number in chance.integers(len(KEYS), size=len(values)).tolist()]
    # Offsets have holes, times stand still and go back.
    offsets = np.cumsum(chance.integers(1, 3, size=len(values))).tolist()
    times = (1_700_000_000_000 + np.cumsum(chance.integers(-500, 5_000, size=len(values)))).tolist()
    rows = zip(offsets, times, keys, values, strict=True)
    return [LocalRecord("stream", 0, offset, time, key, value, []) for offset, time, key, value in rows]


def json_lines(stretches: Sequence[Stretch]) -> bytes:
    """What a file holds that is read as these stretches' events, all of them good."""
    return b"".join((event.value or b"") + b"\n" for event in events(stretches, seed=1))


def _values(
    stretches: Sequence[Stretch],
    chance: np.random.Generator,
    *,
    regression: bool,
    missing_share: float,
    classes: int,
    level: float,
) -> Iterator[bytes | None]:
    for stretch in stretches:
        rule = np.random.default_rng(sum(stretch.task.encode())).normal(size=(len(FIELDS), 4))
        for x in chance.normal(size=(stretch.rows, len(FIELDS))):
            score = x @ rule
            label: Any = float(score[0]) + level if regression else f"class {int(score.argmax()) % classes}"
            event: dict[str, Any] = dict(zip(FIELDS, (x + level).tolist(), strict=True)) | {
                "y": label,
                "task": stretch.task,
            }
            for name in (*FIELDS[1:], "y", "task"):
                if chance.random() < missing_share:
                    event[name] = None
            yield orjson.dumps(event)
