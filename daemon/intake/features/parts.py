"""The kinds of columns that features are made of: their names, and how their values are computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from daemon.intake.features import calendar
from daemon.intake.features.rolling import rolling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from daemon.intake.features.history import Present

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]


LABEL = "\0label"
"""Stands for the label among the fields: no field has this name."""


@dataclass(frozen=True, slots=True)
class Current:
    """The rows in hand: ``x (rows, fields)``, ``time (rows,)``, and what came before them."""

    x: Floats
    time: Floats
    present: Present
    flags: Floats
    """``(rows, flags)`` of categories."""


class Part(Protocol):
    """Some neighbouring columns of the features."""

    @property
    def names(self) -> Sequence[str]:
        """The names of the columns."""

    @property
    def about(self) -> Sequence[str | None]:
        """Of each column the field whose values it has; None where they are near zero wherever the field is."""

    def columns(self, current: Current) -> Floats:
        """Return ``(rows, names) float64``, or what broadcasts to it."""


@dataclass(frozen=True, slots=True)
class Flags:
    """The columns of categories."""

    names: Sequence[str]

    @property
    def about(self) -> Sequence[str | None]:
        """No field: a flag is 0 or 1."""
        return [None] * len(self.names)

    def columns(self, current: Current) -> Floats:
        """Return the flags."""
        return current.flags


@dataclass(frozen=True, slots=True)
class Fields:
    """The events' own fields."""

    names: Sequence[str]
    fields: Integers

    @property
    def about(self) -> Sequence[str | None]:
        """The fields themselves."""
        return self.names

    def columns(self, current: Current) -> Floats:
        """Return the fields' values."""
        return _selected(current.x, self.fields)


@dataclass(frozen=True, slots=True)
class Lagged:
    """Earlier values."""

    names: Sequence[str]
    about: Sequence[str | None]
    remembered: Integers
    steps: int

    def columns(self, current: Current) -> Floats:
        """Return the values of ``steps`` rows before."""
        return _selected(current.present.values.back(self.steps), self.remembered)


@dataclass(frozen=True, slots=True)
class Changed:
    """Differences from earlier values, 0 where there is no earlier one."""

    names: Sequence[str]
    remembered: Integers
    steps: int

    @property
    def about(self) -> Sequence[str | None]:
        """No field: a difference is near zero."""
        return [None] * len(self.names)

    def columns(self, current: Current) -> Floats:
        """Return the values minus those of ``steps`` rows before."""
        values = current.present.values
        change = _selected(values.back(0) - values.back(self.steps), self.remembered)
        return np.where((current.present.before >= self.steps)[:, np.newaxis], change, 0.0)


@dataclass(frozen=True, slots=True)
class PastLabel:
    """One earlier label."""

    names: Sequence[str]
    steps: int

    @property
    def about(self) -> Sequence[str | None]:
        """The label."""
        return [LABEL] * len(self.names)

    def columns(self, current: Current) -> Floats:
        """Return the label of ``steps`` rows before."""
        return current.present.labels.back(self.steps)


@dataclass(frozen=True, slots=True)
class Phase:
    """Sine and cosine of a field (of the time where it is None)."""

    names: Sequence[str]
    field: int | None
    period: float

    @property
    def about(self) -> Sequence[str | None]:
        """No field."""
        return [None] * len(self.names)

    def columns(self, current: Current) -> Floats:
        """Return sine and cosine."""
        values = current.time if self.field is None else current.x[:, self.field]
        return np.column_stack(calendar.phase(values, period=self.period))


@dataclass(frozen=True, slots=True)
class Calendar:
    """The hour or the weekday."""

    names: Sequence[str]

    @property
    def about(self) -> Sequence[str | None]:
        """No field."""
        return [None] * len(self.names)

    def columns(self, current: Current) -> Floats:
        """Return the parts of the time."""
        compute = {"hour": calendar.hour, "weekday": calendar.weekday}
        return np.column_stack([compute[name](current.time) for name in self.names])


@dataclass(frozen=True, slots=True)
class Rolled:
    """Mean and deviation of the newest values of fields; ``statistics`` is 0 for the mean, 1 for the deviation."""

    names: Sequence[str]
    about: Sequence[str | None]
    remembered: Integers
    window: int
    statistics: Sequence[int]

    def columns(self, current: Current) -> Floats:
        """Return the statistics, one after another, each of all fields."""
        present = current.present
        found = rolling(present.values, self.remembered, window=self.window, before=present.before)
        return np.concatenate([found[statistic] for statistic in self.statistics], axis=1)


def _selected(values: Floats, columns: Integers) -> Floats:
    if len(columns) == values.shape[1] and (columns == np.arange(len(columns))).all():
        return values
    return values.take(columns, axis=1)
