"""The fields of events as they were sent, before a decoder makes features of them."""

from __future__ import annotations

import csv
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from connectors.record import Record

Event = dict[str, Any]
_DEEPEST = 16


class CsvEvents:
    """Reads lines of separated values; the names come from the options or from the first line."""

    def __init__(self, options: Any) -> None:
        self._delimiter = options.delimiter
        self._header = options.header
        self._names: tuple[str, ...] | None = options.columns

    def __call__(self, value: bytes) -> Event | None:
        """Return a line's cells by column; None of a header. Raises ``ValueError`` where there is no such line."""
        line = value.decode()
        (cells,) = (
            csv.reader([line], delimiter=self._delimiter, strict=True)
            if '"' in line
            else [line.split(self._delimiter)]
        )
        if self._names is None:
            self._names = tuple(cells)
            return None
        if self._header and tuple(cells) == self._names:
            return None
        return dict(zip(self._names, cells, strict=True))


class JsonEvents:
    """Reads JSON objects; what lies within another object is named with a dot."""

    def __init__(self, options: Any) -> None:
        del options

    def __call__(self, value: bytes) -> Event | None:
        """Return an object's values by name. Raises ``ValueError`` where it is no object."""
        event = orjson.loads(value)
        if not isinstance(event, dict):
            raise ValueError("not an object")  # noqa: TRY004 - it is the record's fault, as the parser's own errors are
        return dict(_flat(event, prefix="", depth=1))


def _flat(event: Mapping[str, Any], *, prefix: str, depth: int) -> Iterator[tuple[str, Any]]:
    for name, value in event.items():
        if isinstance(value, dict) and depth < _DEEPEST:
            yield from _flat(value, prefix=f"{prefix}{name}.", depth=depth + 1)
        else:
            yield f"{prefix}{name}", value


READERS: Mapping[str, Callable[[Any], Callable[[bytes], Event | None]]] = {
    "csv": CsvEvents,
    "json": JsonEvents,
}
"""By type of decoder: from its options to what reads an event's fields. A format that is not here has none."""


def read_events(records: Sequence[Record], decoder: Any) -> list[Event]:
    """Return the events in which something can be read; why nothing can be in others, a trial says."""
    read, events = READERS[decoder.type](decoder), []
    for record in records:
        with suppress(ValueError, csv.Error):
            event = None if record.value is None else read(record.value)
            events += [] if event is None else [event]
    return events


def columns(events: Sequence[Event]) -> dict[str, list[Any]]:
    """Return every field's values, None where an event lacks it, in the order in which they first come.

    >>> columns([{"a": 1}, {"a": 2, "b": "x"}])
    {'a': [1, 2], 'b': [None, 'x']}
    """
    names = dict.fromkeys(name for event in events for name in event)
    return {name: [event.get(name) for event in events] for name in names}
