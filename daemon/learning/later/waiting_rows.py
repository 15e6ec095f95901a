"""Rows whose labels have not come: as they were on arrival, with all that was said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from connectors.record import offset_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from strategies.row_holder import Gone

    Numbers = NDArray[np.int64]
    Columns = dict[str, NDArray[Any]]
    """Columns of the same rows, ``(rows, …)`` each."""

_FIRST = 64
GROWTH = 1.5
"""By which the places grow where they do not suffice."""
_BOOKKEEPING_BYTES = 512
"""What is known of a row beside its columns, about: who it is, and until when it waits."""


class WaitingRows:
    """Keeps columns of rows by the rows' numbers, which grow by one from row to row.

    There is a place for each number between the oldest that waits and the newest: whoever puts rows sees to it that
    these are not too far apart.

    >>> rows = WaitingRows({"x": np.zeros((0, 2))})
    >>> rows.put(7, {"x": np.array([[1.0, 2.0], [3.0, 4.0]])})
    >>> rows.take(np.array([8]))["x"].tolist(), len(rows)
    ([[3.0, 4.0]], 1)
    """

    def __init__(self, blank: Mapping[str, NDArray[Any]]) -> None:
        """``blank`` are the columns, without rows."""
        self._blank = dict(blank)
        self._columns: Columns = {name: _rows_like(column, _FIRST) for name, column in blank.items()}
        self._number = np.full(_FIRST, -1, dtype=np.int64)
        """The number of the row at each place; -1 where there is none."""
        self._waiting = 0

    def __len__(self) -> int:
        return self._waiting

    @property
    def row_bytes(self) -> int:
        """Memory that one row takes, about."""
        return _BOOKKEEPING_BYTES + sum(
            int(np.prod(column.shape[1:])) * column.itemsize for column in self._blank.values()
        )

    @property
    def bytes(self) -> int:
        """Memory that the rows take."""
        return self._waiting * self.row_bytes

    def put(self, first: int, columns: Mapping[str, NDArray[Any]]) -> None:
        """Add rows, the first of which has this number; columns that are not given are 0."""
        rows = len(next(iter(columns.values())))
        numbers = np.arange(first, first + rows)
        self._make_room(numbers)
        places = numbers % len(self._number)
        self._number[places] = numbers
        self._waiting += rows
        for name, column in self._columns.items():
            column[places] = columns.get(name, 0)

    def fill(self, numbers: Numbers, columns: Mapping[str, NDArray[Any]]) -> None:
        """Set columns of rows that wait."""
        places = self._places(numbers)
        for name, column in columns.items():
            self._columns[name][places] = column

    def look(self, numbers: Numbers, names: Sequence[str] | None = None) -> Columns:
        """Return copies of columns, all by default, of rows that wait."""
        places = self._places(numbers)
        return {name: self._columns[name][places] for name in names or self._columns}

    def take(self, numbers: Numbers) -> Columns:
        """Return all columns of rows that wait; they wait no longer."""
        columns = self.look(numbers)
        self._number[numbers % len(self._number)] = -1
        self._waiting -= len(numbers)
        return columns

    def drop(self, numbers: Sequence[int]) -> None:
        """Let rows wait no longer."""
        places = np.array(numbers, dtype=np.int64) % len(self._number)
        there = self._number[places] == np.array(numbers, dtype=np.int64)
        self._number[places[there]] = -1
        self._waiting -= int(there.sum())

    def of(self, gone: Gone) -> Numbers:
        """Return the numbers of the rows that are to go, by their column ``provenance``."""
        numbers = np.sort(self._number[self._number >= 0])
        return np.asarray(numbers[gone.hashed(self.look(numbers, ["provenance"])["provenance"][:, 0])])

    def before(self, partition: int, offset: int) -> Numbers:
        """Return the numbers of the rows of a partition before an offset, and of those under the same keys."""
        numbers = np.sort(self._number[self._number >= 0])
        key, of, position = self.look(numbers, ["provenance"])["provenance"][:, :3].T
        return np.asarray(numbers[np.isin(key, key[(of == partition) & (offset_of(position) < offset)])])

    def set_all(self, name: str, value: int, *, where: int | None = None) -> None:
        """Set a column of whole numbers in all rows that wait, or in those where it has the value ``where``."""
        places = self._number >= 0 if where is None else (self._number >= 0) & (self._columns[name] == where)
        self._columns[name][places] = value

    def state_dict(self) -> dict[str, Any]:
        """Return the rows that wait, the oldest first."""
        numbers = np.sort(self._number[self._number >= 0])
        return {"numbers": numbers, "columns": self.look(numbers)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up rows; a column that they have not, or in another shape, is 0."""
        numbers = np.asarray(state["numbers"])
        self.__init__(self._blank)  # type: ignore[misc]  # begun anew
        if len(numbers):
            span = int(numbers[-1] - numbers[0]) + 1
            self._resize(max(span, _FIRST))
            self._number[numbers % len(self._number)] = numbers
            self._waiting = len(numbers)
            self.fill(numbers, fitting(state["columns"], self._blank, rows=len(numbers)))

    def _places(self, numbers: Numbers) -> Numbers:
        places = numbers % len(self._number)
        assert (self._number[places] == numbers).all(), "these rows wait"
        return places

    def _make_room(self, numbers: Numbers) -> None:
        size = len(self._number)
        while len(numbers) > size or (self._number[numbers % size] >= 0).any():
            self._resize(int(GROWTH * size))
            size = len(self._number)

    def _resize(self, places: int) -> None:
        there = np.flatnonzero(self._number >= 0)
        numbers, columns = self._number[there], self._columns
        self._number = np.full(places, -1, dtype=np.int64)
        self._number[numbers % places] = numbers
        self._columns = {name: _rows_like(column, places) for name, column in self._blank.items()}
        for name, column in columns.items():
            self._columns[name][numbers % places] = column[there]


def fitting(saved: Mapping[str, Any], blank: Mapping[str, NDArray[Any]], *, rows: int) -> Columns:
    """Return so many rows of ``blank`` columns as they were saved; 0 where they were not, or in another shape."""
    columns: Columns = {}
    for name, column in blank.items():
        found = np.asarray(saved[name]) if name in saved else column
        fits = name in saved and found.shape[1:] == column.shape[1:] and found.dtype == column.dtype
        columns[name] = found.copy() if fits else _rows_like(column, rows)
    return columns


def _rows_like(column: NDArray[Any], rows: int) -> NDArray[Any]:
    return np.zeros((rows, *column.shape[1:]), dtype=column.dtype)
