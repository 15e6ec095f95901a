"""Held-out rows by their age: what came an hour or a month ago, whatever task it was of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from strategies.provenance import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from strategies.batch import Batch
    from strategies.row_holder import Gone

    Unit = Literal["events", "time"]
    Columns = dict[str, NDArray[Any]]

AGES: Final[Mapping[str, Mapping[str, float]]] = {
    "events": {"1e3": 1e3, "1e4": 1e4, "1e5": 1e5, "1e6": 1e6, "1e7": 1e7},
    "time": {"1h": 3_600.0, "1d": 86_400.0, "1w": 604_800.0, "30d": 2_592_000.0},
}
"""The least age of each class but the youngest, by its name: in events, or in seconds of event time."""


_AT_ONCE = 128


class AgedProbes:
    """At most ``rows`` held-out rows for each class of age, and of each what was said of it when it was new.

    A row is of the youngest class until it is as old as the next, and so on; of the oldest it never leaves. Each
    draws a number when it comes; where a class is full, the row with the largest goes, so the classes are samples
    of their stretches of the past, and the oldest a uniform one of everything before (bottom-k sampling, Cohen &
    Kaplan 2007). It stays one where rows are taken out: no row comes to be of the oldest whose number is above
    those of all that had to go. Ages are of event time where the first held-out row has one, else of events, if
    ``unit`` is None.
    """

    def __init__(self, rows: int, *, unit: Unit | None, generator: np.random.Generator) -> None:
        self._rows = rows
        self._fixed_unit = unit
        self._unit: Unit | None = unit
        self._generator = generator
        self._now = -np.inf
        self._limit = np.inf
        """No row of the oldest class has a larger number than this: those that had were let go."""
        self._columns: Columns = {}
        self._new: list[Columns] = []
        """Rows that have not been sorted into the classes yet: many are at once, which is cheaper."""

    @property
    def names(self) -> list[str]:
        """The classes of age that are shown, youngest first."""
        return [] if self._unit is None else list(AGES[self._unit])

    def add(self, rows: Batch, *, errors: NDArray[np.float64], events: int) -> None:
        """Offer held-out rows, with the error ``(rows,)`` of what was said of each on arrival.

        ``events`` is how many there were with them. Rows whose time is unknown are as old as the newest time.
        """
        if not len(rows) or not self._rows:
            return
        time_ms = rows.time_ms.numpy()
        time = np.where(time_ms <= UNKNOWN, np.nan, time_ms / 1000)
        if self._unit is None:
            self._unit = "time" if np.isfinite(time[0]) else "events"
        at = np.full(len(rows), float(events)) if self._unit == "events" else time
        known = at[np.isfinite(at)]
        self._now = max(self._now, float(known.max())) if len(known) else self._now
        self._append(rows, at=np.where(np.isfinite(at), at, self._now), errors=errors)
        if sum(len(each["at"]) for each in self._new) >= _AT_ONCE:
            self._settle()

    def by_age(self) -> dict[str, Columns]:
        """Return the rows of each class that has any, youngest first; changes nothing.

        They are columns: ``x (rows, features)``, and ``y``, ``task`` and the ``error`` when new ``(rows,)``.
        """
        everything = self._sampled()
        if not everything:
            return {}
        ages = self._ages(everything["at"])
        of_age = {name: ages == place for place, name in enumerate(self.names, start=1)}
        return {
            name: {key: column[rows] for key, column in everything.items()}
            for name, rows in of_age.items()
            if rows.any()
        }

    def merge_task(self, task: int, *, into: int) -> None:
        """Let the rows of ``task`` be of ``into``."""
        for columns in (self._columns, *self._new):
            if columns:
                columns["task"] = np.where(columns["task"] == task, into, columns["task"])

    def forget(self, gone: Gone) -> int:
        """Let rows go; return how many: see ``RowHolder``."""
        self._settle()
        columns = self._columns
        if not columns:
            return 0
        leave = gone.hashed(columns["key"]) | gone.old(columns["time_ms"])
        oldest = self._ages(columns["at"]) == len(self.names)
        if leave.any() and int(oldest.sum()) >= self._rows:
            self._limit = min(self._limit, float(columns["draw"][oldest].max()))
        self._columns = {name: column[~leave] for name, column in columns.items()} if not leave.all() else {}
        return int(leave.sum())

    def state_dict(self) -> dict[str, Any]:
        """Return the rows, the newest moment and the generator's state."""
        return {
            "unit": self._unit,
            "now": self._now,
            "limit": self._limit,
            "columns": dict(self._columns),
            "new": _together(self._new),
            "generator": dict(self._generator.bit_generator.state),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; one of another unit, or an empty one, begins anew."""
        if not state or self._fixed_unit not in {None, state["unit"]}:
            return
        self._unit, self._now, self._limit = state["unit"], state["now"], state["limit"]
        self._columns = {name: np.array(column) for name, column in state["columns"].items()}
        new = {name: np.array(column) for name, column in state["new"].items()}
        self._new = [new] if new else []
        self._generator.bit_generator.state = dict(state["generator"])

    def _append(self, rows: Batch, *, at: NDArray[np.float64], errors: NDArray[np.float64]) -> None:
        new: Columns = {
            "x": rows.x.numpy(),
            "y": rows.y.numpy(),
            "task": rows.task.numpy(),
            "key": rows.key.numpy(),
            "time_ms": rows.time_ms.numpy(),
            "at": at,
            "error": errors,
            "draw": self._generator.random(len(rows)),
        }
        self._new.append(new)

    def _settle(self) -> None:
        """Sort what is new into the classes, and let go what is too much of each."""
        self._columns, self._new = self._sampled(), []

    def _sampled(self) -> Columns:
        """Return all rows, at most so many of each class."""
        columns = _together([each for each in (self._columns, *self._new) if each])
        if not columns:
            return columns
        ages, draw = self._ages(columns["at"]), columns["draw"]
        keep = (ages < len(self.names)) | (draw <= self._limit)
        for age in np.flatnonzero(np.bincount(ages) > self._rows):
            rows = np.flatnonzero((ages == age) & keep)
            keep[rows[np.argsort(draw[rows], kind="stable")[self._rows :]]] = False
        return columns if keep.all() else {name: column[keep] for name, column in columns.items()}

    def _ages(self, at: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the class of each row: 0 is the youngest, which is not shown."""
        assert self._unit is not None, "there are rows"
        bounds = np.array(list(AGES[self._unit].values()))
        return np.searchsorted(bounds, self._now - at, side="right")


def _together(parts: Sequence[Columns]) -> Columns:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if parts else {}
