"""Rows as a decoder makes them, for the tests of what comes after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from connectors.decoder import Rows
from connectors.record import LocalRecord

if TYPE_CHECKING:
    from collections.abc import Sequence


def rows_of(
    rows: int,
    *,
    task: list[str] | None = None,
    topic: Sequence[str] | None = None,
    time: Sequence[float] | None = None,
) -> Rows:
    topics = topic or ["plant"] * rows
    return Rows(
        x=np.zeros((rows, 1)),
        label=[0] * rows,
        task=task,
        key=[None] * rows,
        time=np.array(time if time is not None else [np.nan] * rows, dtype=np.float64),
        records=[LocalRecord(name, 0, place, -1, None, b"", []) for place, name in enumerate(topics)],
    )
