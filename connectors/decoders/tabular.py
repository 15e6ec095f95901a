"""Base of the decoders of named fields: two paths from records to columns.

Records that are all in order take the fast path, a few calls for all of them. Where anything is unusual, the same
records take the slow path, one by one, which finds the record at fault and the reason. Both give the same bits.
"""

from __future__ import annotations

import math
import struct
import time
from abc import ABC, abstractmethod
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from connectors.decoder import OUT_OF_RANGE, Rows
from connectors.decoders.columns import Columns
from connectors.decoders.envelope import (
    LARGEST,
    PLAIN_CELLS,
    PLAIN_LABELS,
    PLAIN_TASKS,
    RejectedError,
    cell_text,
    converted,
    key_bytes,
    label_value,
    nested_too_deeply,
    payload,
    task_name,
)
from connectors.decoders.event_times import EventTimes, event_seconds
from connectors.decoders.features import Features
from connectors.decoders.nulls import Nulls
from connectors.decoders.number_text import NumberText
from connectors.decoders.validity import Validity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from connectors.decoder import Oddity, Reject
    from connectors.decoders.field_survey import Kind
    from connectors.decoders.tabular_options import TabularOptions
    from connectors.record import Record


class TabularDecoder(ABC):
    """Decodes records of named fields; a subclass knows one format."""

    def __init__(self, options: TabularOptions, *, clock: Callable[[], float] = time.time) -> None:
        self._shared = options
        self._number_text = NumberText(decimal=options.decimal, thousands=options.thousands)
        self._nulls = Nulls(options, number_text=self._number_text)
        self._times = EventTimes(options, clock=clock)
        self._features = Features(options)
        self._ranges = options.ranges
        self._odd: Counter[Oddity] = Counter()
        self._fix_fields(options.features or ())

    @property
    def fields(self) -> Sequence[str] | None:
        """The names of the columns of ``x``; None until records have fixed them."""
        return self._features.names

    @property
    def left_out(self) -> Mapping[str, str]:
        """Fields that were seen and are no features, and why."""
        return self._features.left_out

    def look_at(self, records: Sequence[Record]) -> None:
        """Take the features that the first records have, where they are not known yet and these have any."""
        if self._features.names is None:
            events = list(self._events(records))
            self._infer([event for event in events if self._is_complete(event)] or events)

    def decode(self, records: Sequence[Record]) -> tuple[Rows, list[Reject]]:
        """Decode what can be decoded; never raises for what a record holds."""
        self._odd = Counter()
        columns = self._fast_path(records) if records and self._features.names is not None else None
        rejects: list[Reject] = []
        if columns is None:
            columns, rejects = self._slow_path(records)
        rows = self._untimed_rows(columns)
        return self._times.settle(rows, columns.time, rejects=rejects, among=records), rejects

    def state_dict(self) -> dict[str, Any]:
        """Return the fields and why others are none, and the newest time where times are clamped."""
        return {**self._features.state_dict(), "times": self._times.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the state; raise ``ValueError`` where it belongs to other features than are configured."""
        self._features.load_state_dict(state)
        self._times.load_state_dict(state["times"])
        self._fix_fields(self._features.names or ())

    # What a subclass implements.

    @abstractmethod
    def _read(self, values: list[bytes], records: Sequence[Record]) -> Columns:
        """Parse payloads that are all in order; raise anything of ``UNUSUAL`` where one is not."""

    @abstractmethod
    def _parse(self, value: bytes, record: Record) -> Any:
        """Parse one payload, None where it is no event at all (a header); raise ``RejectedError``."""

    @abstractmethod
    def _described(self, event: Any) -> Iterable[tuple[str, Kind]]:
        """Return the names of the event's fields, in their order, and what each holds."""

    @abstractmethod
    def _shape(self, event: Any) -> tuple[str, ...]:
        """Return the names of the event's outermost fields."""

    @abstractmethod
    def _cell(self, event: Any, name: str) -> Any:
        """Return a feature's value, None where it is absent or null."""

    @abstractmethod
    def _other(self, event: Any, name: str) -> Any:
        """Return the value of a label, task, key or time field, exactly as it was meant."""

    @abstractmethod
    def _number(self, cell: Any, name: str) -> float:
        """Return a feature that is not None as a number; raise ``RejectedError``."""

    # The fast path.

    def _fast_path(self, records: Sequence[Record]) -> Columns | None:
        values = [record.value for record in records]
        try:
            if max(map(len, values)) > self._shared.max_bytes:  # type: ignore[arg-type]  # TypeError for a tombstone
                return None
            columns = self._read(values, records)  # type: ignore[arg-type]  # no tombstone has passed the line above
            if bool((np.abs(columns.x) > LARGEST).any()):
                return None
            self._convert(columns)
        except UNUSUAL:
            return None
        columns.records = list(records)
        return columns

    def _convert(self, columns: Columns) -> None:
        columns.x, odd = self._validity.check(np.asarray(columns.x))
        if self._shared.missing == "reject" and bool(np.isnan(columns.x).any()):
            raise ValueError("a missing value")
        columns.label = converted(columns.label, PLAIN_LABELS, label_value)
        columns.task = converted(columns.task, PLAIN_TASKS, task_name)
        if "" in columns.task:
            raise ValueError("an empty task")
        columns.key = [key_bytes(key) for key in columns.key]
        columns.cells = {
            name: converted(each, PLAIN_CELLS, partial(cell_text, name=name))
            for name, each in columns.cells.items()
        }
        columns.time = [event_seconds(each, self._shared.time_unit) for each in columns.time]
        self._odd.update(odd)

    def _with_nulls(self, values: list[Any], name: str | None) -> list[Any]:
        """Return the values of a field that is no feature, None in place of those that stand for a missing one."""
        if name is None or not self._nulls.applies(name):
            return [None if value == "" else value for value in values] if "" in values else values
        return [None if self._nulls.has(name, value) else value for value in values]

    def _matrix(self, rows: Sequence[Sequence[Any]]) -> NDArray[np.float64]:
        # struct takes floats, ints and booleans and refuses text and None, faster than numpy guesses a dtype.
        pack = self._pack.pack
        packed = b"".join([pack(*row) for row in rows])
        return np.frombuffer(packed, dtype=np.float64).reshape(len(rows), len(self._features.names or ()))

    # The slow path.

    def _events(self, records: Sequence[Record]) -> Iterator[Any]:
        """Yield the events among the records, without those that cannot be parsed."""
        for record in records:
            try:
                event = self._parse(payload(record, max_bytes=self._shared.max_bytes), record)
            except (RejectedError, RecursionError):
                continue
            if event is not None:
                yield event

    def _slow_path(self, records: Sequence[Record]) -> tuple[Columns, list[Reject]]:
        columns, rejects, events = Columns(cells={name: [] for name in self._shared.cells}), [], []
        for record in records:
            try:
                event = self._parse(payload(record, max_bytes=self._shared.max_bytes), record)
                if event is not None:
                    self._append(event, record, columns)
                    events.append(event)
            except RejectedError as error:
                rejects.append(error.of(record))
            except RecursionError:
                rejects.append(nested_too_deeply().of(record))
        self._features.notice(events, self._described, shape=self._shape)
        if columns.records:
            x = np.array(columns.x, dtype=np.float64).reshape(len(columns.records), len(self._features.names or ()))
            columns.x, odd = self._validity.check(x)
            self._odd.update(odd)
        return columns, rejects

    def _append(self, event: Any, record: Record, columns: Columns) -> None:
        options = self._shared
        if self._features.names is None:
            self._infer([event])
            if self._features.names is None:
                raise self._nothing_numeric
        x = [self._feature(event, name) for name in self._features.names]
        label = label_value(self._valued(event, options.label))
        task = "" if options.task is None else task_name(self._valued(event, options.task))
        key = key_bytes(self._valued(event, options.key))
        seconds = event_seconds(self._valued(event, options.time), options.time_unit)
        cells = {name: cell_text(self._valued(event, name), name=name) for name in options.cells}
        columns.x.append(x)  # type: ignore[union-attr]  # the slow path fills a list
        columns.label.append(label)
        columns.task.append(task)
        columns.key.append(key)
        columns.time.append(seconds)
        columns.records.append(record)
        for name, value in cells.items():
            columns.cells[name].append(value)

    def _valued(self, event: Any, name: str | None) -> Any:
        """Return the value of a field that is no feature, None where it is absent or stands for a missing one."""
        if name is None:
            return None
        value = self._other(event, name)
        return None if self._nulls.has(name, value) else value

    def _feature(self, event: Any, name: str) -> float:
        cell = self._cell(event, name)
        if self._nulls.has(name, cell):
            return self._gap(f"Feature {name!r} is absent or null.")
        number = self._number(cell, name)
        if not abs(number) <= LARGEST:
            raise RejectedError(
                "features", "not_finite", f"Feature {name!r} is not a finite number that a float32 can hold."
            )
        low, high = self._ranges.get(name, (-math.inf, math.inf))
        if self._shared.missing == "reject" and not low <= number <= high:
            self._odd[name, OUT_OF_RANGE] += 1
            return self._gap(f"Feature {name!r} is outside its range, {low:g} to {high:g}, and so is missing.")
        return number

    def _gap(self, message: str) -> float:
        if self._shared.missing == "reject":
            raise RejectedError("features", "missing_field", message)
        return math.nan

    def _is_complete(self, event: Any) -> bool:
        """Tell whether an event has all that it is rejected without, besides features."""
        needed = [name for name in (self._shared.label, self._shared.task) if name is not None]
        return all(self._cell(event, name) is not None for name in needed)

    def _infer(self, events: Iterable[Any]) -> None:
        try:
            self._features.decide([self._described(event) for event in events])
        except RejectedError as error:
            self._nothing_numeric = error
        else:
            self._fix_fields(self._features.names or ())

    def _fix_fields(self, names: tuple[str, ...]) -> None:
        self._pack = struct.Struct(f"{len(names)}d")
        self._validity = Validity(names, nulls=self._nulls, ranges=self._ranges)

    # Both paths end here.

    def _untimed_rows(self, columns: Columns) -> Rows:
        options, records = self._shared, columns.records
        return Rows(
            x=np.asarray(columns.x, dtype=np.float64).reshape(len(records), len(self._features.names or ())),
            label=columns.label or [None] * len(records),
            task=None if options.task is None else columns.task,
            key=[record.key for record in records] if options.key is None else columns.key,
            time=np.empty(0),
            records=records,
            odd=self._odd,
            cells=columns.cells,
        )


UNUSUAL = (ValueError, TypeError, LookupError, OverflowError, struct.error, RecursionError, RejectedError)
