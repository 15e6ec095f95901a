"""The same features, computed one row at a time in plain Python: what the vectorised ones must equal."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemon.intake.features.options import FeaturesSection

    Past = list[tuple[list[float], list[float]]]


def row_by_row(
    options: FeaturesSection,
    x: Sequence[list[float]],
    *,
    key: Sequence[bytes | None],
    labels: Sequence[list[float]],
) -> list[list[float]]:
    """Lags, differences, label lags and rolling statistics of fields named "0", "1", …"""
    pasts: OrderedDict[bytes | None, Past] = OrderedDict()
    out = []
    for row, name, label in zip(x, key, labels, strict=True):
        owner = name if options.per_key else None
        past = pasts.pop(owner, [])
        pasts[owner] = past
        if options.per_key and len(pasts) > options.max_keys:
            pasts.popitem(last=False)
        past.append((row, label))
        out.append(row + _features(options, past))
    return out


def _features(options: FeaturesSection, past: Past) -> list[float]:
    found = [_back(past, int(lag.field), step) for lag in options.lags for step in lag.steps]
    for entry in options.differences:
        known = len(past) > entry.steps
        field = int(entry.field)
        found.append(past[-1][0][field] - _back(past, field, entry.steps) if known else 0.0)
    for steps in range(1, options.label_lags + 1):
        found += past[-1 - steps][1] if len(past) > steps else [0.0] * len(past[-1][1])
    for rolled in options.rolling:
        found += _statistics([row[int(rolled.field)] for row, _ in past[-rolled.window :]])
    return found


def _back(past: Past, field: int, steps: int) -> float:
    return past[-1 - steps][0][field] if len(past) > steps else 0.0


def _statistics(values: list[float]) -> list[float]:
    total = 0.0
    for value in values:
        total += value
    mean = total / len(values)
    squares = 0.0
    for value in values:
        squares += (value - mean) * (value - mean)
    return [mean, math.sqrt(squares / len(values))]
