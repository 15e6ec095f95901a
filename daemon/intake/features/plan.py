"""Turns the declared features into parts, in the order of their columns."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from daemon.intake.features.categories import names_of
from daemon.intake.features.options import TIME
from daemon.intake.features.parts import Calendar, Changed, Fields, Flags, Lagged, PastLabel, Phase, Rolled
from daemon.options import duration_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from daemon.intake.features.options import Cyclic, FeaturesSection
    from daemon.intake.features.parts import Part

First = TypeVar("First")


def remembered_fields(options: FeaturesSection) -> list[str]:
    """Return the fields whose past is needed, each once."""
    lagged = [lag.field for lag in options.lags]
    changed = [difference.field for difference in options.differences]
    rolled = [entry.field for entry in options.rolling]
    return list(dict.fromkeys(lagged + changed + rolled))


def remembered_rows(options: FeaturesSection) -> int:
    """Return how many earlier rows are needed of them."""
    steps = chain(
        (step for lag in options.lags for step in lag.steps),
        (difference.steps for difference in options.differences),
        (entry.window - 1 for entry in options.rolling),
    )
    return max(steps, default=0)


def plan(options: FeaturesSection, *, fields: Sequence[str], past: Sequence[str], label_width: int) -> list[Part]:
    """Return the parts: fields, categories, lags, differences, past labels, phases, calendar, rolling statistics.

    ``past`` are the remembered fields, in the order of their columns in the history.
    """
    own = [field for field in fields if field not in options.drop]
    calendar = [name for name in ("hour", "weekday") if getattr(options, name)]
    parts: list[Part] = [Fields(own, _places(own, fields))]
    parts += [Flags(names_of(options.categories))] if options.categories else []
    parts += _lagged(options, past)
    parts += _changed(options, past)
    parts += (PastLabel(_label_names(steps, label_width), steps) for steps in range(1, options.label_lags + 1))
    parts += (_phase(entry, fields) for entry in options.cyclic)
    parts += [Calendar(calendar)] if calendar else []
    parts += _rolled(options, past)
    return parts


def _lagged(options: FeaturesSection, past: Sequence[str]) -> Iterator[Part]:
    wanted = [(step, lag.field) for lag in options.lags for step in lag.steps]
    for steps, names in _by_first(wanted):
        yield Lagged([f"{name}_lag{steps}" for name in names], names, _places(names, past), steps)


def _changed(options: FeaturesSection, past: Sequence[str]) -> Iterator[Part]:
    wanted = [(difference.steps, difference.field) for difference in options.differences]
    for steps, names in _by_first(wanted):
        yield Changed([f"{name}_difference{steps}" for name in names], _places(names, past), steps)


def _rolled(options: FeaturesSection, past: Sequence[str]) -> Iterator[Part]:
    wanted = [((entry.window, entry.statistics), entry.field) for entry in options.rolling if entry.statistics]
    for (window, statistics), names in _by_first(wanted):
        columns = [f"{name}_{statistic}{window}" for statistic in statistics for name in names]
        about = [name if statistic == "mean" else None for statistic in statistics for name in names]
        places = [("mean", "deviation").index(statistic) for statistic in statistics]
        yield Rolled(columns, about, _places(names, past), window, places)


def _phase(entry: Cyclic, fields: Sequence[str]) -> Part:
    of_time = entry.field == TIME
    period = duration_name(entry.period) if of_time else f"{entry.period:.17g}"
    names = [f"{entry.field}_sin_{period}", f"{entry.field}_cos_{period}"]
    return Phase(names, None if of_time else fields.index(entry.field), entry.period)


def _label_names(steps: int, width: int) -> list[str]:
    return [f"label_lag{steps}"] if width == 1 else [f"label_lag{steps}_{place}" for place in range(width)]


def _places(names: Sequence[str], among: Sequence[str]) -> NDArray[np.int64]:
    return np.array([among.index(name) for name in names], dtype=np.int64)


def _by_first(pairs: Iterable[tuple[First, str]]) -> Iterator[tuple[First, list[str]]]:
    found: dict[First, list[str]] = {}
    for first, name in pairs:
        found.setdefault(first, []).append(name)
    yield from found.items()
