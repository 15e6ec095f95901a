"""Base of the decoders of named fields: which fields are features, and two paths from records to columns.

Records that are all in order take the fast path, a few calls for all of them. Where anything is unusual, the same
records take the slow path, one by one, which finds the record at fault and the reason. Both give the same bits.
"""

from __future__ import annotations

import math
import struct
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from connectors.decoder import Rows
from connectors.decoders.envelope import (
    LARGEST,
    PLAIN_LABELS,
    PLAIN_TASKS,
    RejectedError,
    arrival_seconds,
    cell_text,
    converted,
    event_seconds,
    key_bytes,
    label_value,
    payload,
    task_name,
)
from connectors.decoders.imputer import Imputer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from connectors.decoder import Reject
    from connectors.decoders.tabular_options import TabularOptions
    from connectors.record import Record

MAX_INFERRED_FIELDS = 4_096


@dataclass(slots=True)
class Columns:
    """Parsed columns that become ``Rows``; a missing feature is NaN in ``x``, the rest is as it was parsed."""

    x: list[Sequence[float]] | NDArray[np.float64] = field(default_factory=list)
    label: list[Any] = field(default_factory=list)
    task: list[Any] = field(default_factory=list)
    key: list[Any] = field(default_factory=list)
    time: list[Any] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    cells: dict[str, list[Any]] = field(default_factory=dict)


class TabularDecoder(ABC):
    """Decodes records of named fields; a subclass knows one format."""

    def __init__(self, options: TabularOptions) -> None:
        self._shared = options
        self._imputer = Imputer(options.missing)
        self._fields: tuple[str, ...] | None = None
        self._pack = struct.Struct("")
        if options.features is not None:
            self._fix_fields(options.features)

    @property
    def fields(self) -> Sequence[str] | None:
        """The names of the columns of ``x``; None until the first record has fixed them."""
        return self._fields

    def decode(self, records: Sequence[Record]) -> tuple[Rows, list[Reject]]:
        """Decode what can be decoded; never raises for what a record holds."""
        columns = self._fast_path(records) if records and self._fields is not None else None
        if columns is not None:
            return self._rows(columns), []
        columns, rejects = self._slow_path(records)
        return self._rows(columns), rejects

    def state_dict(self) -> dict[str, Any]:
        """Return the fields and what the imputer remembers."""
        return {
            "fields": None if self._fields is None else list(self._fields),
            "missing": self._imputer.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the state; raise ``ValueError`` where it belongs to other features than are configured."""
        saved = state["fields"]
        wanted = self._shared.features
        if wanted is not None and saved is not None and tuple(saved) != wanted:
            raise ValueError(
                f"decoder.features: the checkpoint was made with {list(saved)}, the configuration names "
                f"{list(wanted)}; restore the old list or start with an empty checkpoint directory"
            )
        if saved is not None:
            self._fix_fields(tuple(saved))
        self._imputer.load_state_dict(state["missing"])

    # What a subclass implements.

    @abstractmethod
    def _read(self, values: list[bytes]) -> Columns:
        """Parse payloads that are all in order; raise anything of ``UNUSUAL`` where one is not."""

    @abstractmethod
    def _parse(self, value: bytes) -> Any:
        """Parse one payload, None where it is no event at all (a header); raise ``RejectedError``."""

    @abstractmethod
    def _numeric_fields(self, event: Any) -> Sequence[str]:
        """Return the names of the event's numeric fields, in their order."""

    @abstractmethod
    def _cell(self, event: Any, name: str) -> Any:
        """Return a field's value, None where it is absent or null."""

    @abstractmethod
    def _number(self, cell: Any, name: str) -> float:
        """Return a feature that is not None as a number; raise ``RejectedError``."""

    @abstractmethod
    def _time_cell(self, cell: Any) -> Any:
        """Return a time field's value as a number or text, None where it is absent."""

    # The fast path.

    def _fast_path(self, records: Sequence[Record]) -> Columns | None:
        values = [record.value for record in records]
        try:
            if max(map(len, values)) > self._shared.max_bytes:  # type: ignore[arg-type]  # TypeError for a tombstone
                return None
            columns = self._read(values)  # type: ignore[arg-type]  # no tombstone has passed the line above
            self._convert(columns)
        except UNUSUAL:
            return None
        columns.records = list(records)
        return None if bool((np.abs(columns.x) > LARGEST).any()) else columns

    def _convert(self, columns: Columns) -> None:
        columns.label = converted(columns.label, PLAIN_LABELS, label_value)
        columns.task = converted(columns.task, PLAIN_TASKS, task_name)
        if "" in columns.task:
            raise ValueError("an empty task")
        columns.key = [key_bytes(key) for key in columns.key]
        columns.cells = {name: [cell_text(cell, name) for cell in each] for name, each in columns.cells.items()}
        columns.time = [event_seconds(self._time_cell(time), self._shared.time_unit) for time in columns.time]

    def _matrix(self, rows: Sequence[Sequence[Any]]) -> NDArray[np.float64]:
        # struct takes floats, ints and booleans and refuses text and None, faster than numpy guesses a dtype.
        pack = self._pack.pack
        packed = b"".join([pack(*row) for row in rows])
        return np.frombuffer(packed, dtype=np.float64).reshape(len(rows), len(self._fields or ()))

    # The slow path.

    def _slow_path(self, records: Sequence[Record]) -> tuple[Columns, list[Reject]]:
        columns, rejects = Columns(cells={name: [] for name in self._shared.cells}), []
        for record in records:
            try:
                event = self._parse(payload(record, max_bytes=self._shared.max_bytes))
                if event is not None:
                    self._append(event, record, columns)
            except RejectedError as error:
                rejects.append(error.of(record))
        return columns, rejects

    def _append(self, event: Any, record: Record, columns: Columns) -> None:
        options = self._shared
        if self._fields is None:
            self._infer_fields(event)
        x = [self._feature(event, name) for name in self._fields or ()]
        label = label_value(None if options.label is None else self._cell(event, options.label))
        task = "" if options.task is None else task_name(self._cell(event, options.task))
        key = None if options.key is None else key_bytes(self._cell(event, options.key))
        cell = None if options.time is None else self._time_cell(self._cell(event, options.time))
        time = event_seconds(cell, options.time_unit)
        cells = {name: cell_text(self._cell(event, name), name) for name in options.cells}
        columns.x.append(x)  # type: ignore[union-attr]  # the slow path fills a list
        columns.label.append(label)
        columns.task.append(task)
        columns.key.append(key)
        columns.time.append(time)
        columns.records.append(record)
        for name, value in cells.items():
            columns.cells[name].append(value)

    def _feature(self, event: Any, name: str) -> float:
        cell = self._cell(event, name)
        if cell is None:
            if self._shared.missing == "reject":
                raise RejectedError("features", "missing_field", f"Feature {name!r} is absent or null.")
            return math.nan
        number = self._number(cell, name)
        if not abs(number) <= LARGEST:
            raise RejectedError(
                "features", "not_finite", f"Feature {name!r} is not a finite number that a float32 can hold."
            )
        return number

    def _infer_fields(self, event: Any) -> None:
        named = self._shared.named
        names = [name for name in self._numeric_fields(event) if name not in named]
        if not names and not self._shared.cells:
            raise RejectedError("features", "missing_field", "The event has no numeric field to use as a feature.")
        if len(names) > MAX_INFERRED_FIELDS:
            raise RejectedError(
                "features",
                "wrong_type",
                f"The event has {len(names)} numeric fields, over {MAX_INFERRED_FIELDS}; list decoder.features.",
            )
        self._fix_fields(tuple(names))

    def _fix_fields(self, names: tuple[str, ...]) -> None:
        self._fields = names
        self._pack = struct.Struct(f"{len(names)}d")

    # Both paths end here.

    def _rows(self, columns: Columns) -> Rows:
        options, records = self._shared, columns.records
        x = np.asarray(columns.x, dtype=np.float64).reshape(len(records), len(self._fields or ()))
        return Rows(
            x=self._imputer.fill(x) if records else x,
            label=columns.label or [None] * len(records),
            task=None if options.task is None else columns.task,
            key=[record.key for record in records] if options.key is None else columns.key,
            time=self._times(columns),
            records=records,
            cells=columns.cells,
        )

    def _times(self, columns: Columns) -> NDArray[np.float64]:
        arrival = arrival_seconds(columns.records)
        if self._shared.time is None:
            return arrival
        stated = np.array(columns.time, dtype=np.float64)
        return np.where(np.isnan(stated), arrival, stated)


UNUSUAL = (ValueError, TypeError, KeyError, struct.error, RejectedError)
