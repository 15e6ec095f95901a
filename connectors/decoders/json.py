"""Events as JSON objects."""

from __future__ import annotations

import re
import struct
import time
from contextlib import suppress
from operator import methodcaller
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import orjson

from connectors.decoders.columns import Columns
from connectors.decoders.envelope import RejectedError, kind
from connectors.decoders.exact_json import all_exact
from connectors.decoders.flat_json import flat_reader
from connectors.decoders.json_fields import leaves, lookup, reader
from connectors.decoders.json_options import JsonOptions
from connectors.decoders.number_text import text_is_no_number
from connectors.decoders.registry.wire_format import registry_prefix, schema_key
from connectors.decoders.tabular import TabularDecoder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from connectors.decoders.field_survey import Kind
    from connectors.record import Record

NOT_A_NUMBER = re.compile(rb"-?\b(?:NaN|Infinity)\b")
NAN = float("nan")


class _Event(NamedTuple):
    """A parsed event, and what it was parsed from."""

    fields: dict[str, Any]
    value: bytes


class JsonDecoder(TabularDecoder):
    """Decodes JSON objects; booleans count as 0 and 1, numbers written as text where that is declared.

    >>> from connectors.record import LocalRecord
    >>> decoder = JsonDecoder(JsonOptions(label="fault"))
    >>> value = b'{"s1": 1.5, "on": true, "fault": "leak"}'
    >>> rows, rejects = decoder.decode([LocalRecord("t", 0, 0, -1, None, value, [])])
    >>> decoder.fields, rows.x.tolist(), rows.label, rejects
    (('s1', 'on'), [[1.5, 1.0]], ['leak'], [])
    """

    Options: ClassVar[type[JsonOptions]] = JsonOptions

    def __init__(self, options: JsonOptions, *, clock: Callable[[], float] = time.time) -> None:
        self._others = sorted(options.named)
        self._identities = {options.task, options.key, *options.cells}
        self._reads_text = options.numbers == "text" or options.features is not None
        super().__init__(options, clock=clock)

    def _fix_fields(self, names: tuple[str, ...]) -> None:
        super()._fix_fields(names)
        self._read_features = reader(names)
        self._read_flat = flat_reader(names, self._others)

    def _read(self, values: list[bytes], records: Sequence[Record]) -> Columns:
        features, others = self._parsed(values)
        options = self._shared
        return Columns(
            x=self._numbers(features),
            label=others.get(options.label, []),
            task=others.get(options.task, []),
            key=others.get(options.key, []),
            time=others.get(options.time, []),
            cells={name: others[name] for name in options.cells},
        )

    def _parsed(self, values: list[bytes]) -> tuple[list[tuple[Any, ...]], Mapping[str | None, list[Any]]]:
        """Return the features of every event, and the other fields' values by name."""
        if self._read_flat is not None:
            with suppress(ValueError):  # one is not flat or has other fields: then all are read through dicts
                rows, width = self._read_flat(values), len(self.fields or ())
                others = [[row[place] for row in rows] for place in range(width, width + len(self._others))]
                return [row[:width] for row in rows], self._meant(others, values)
        events: list[dict[str, Any]] = list(map(orjson.loads, values))
        features = list(map(self._read_features, events))
        self._features.notice(events, self._leaves)
        return features, self._meant([_values(events, name) for name in self._others], values)

    def _meant(self, others: list[list[Any]], values: Sequence[bytes]) -> Mapping[str | None, list[Any]]:
        """Return what the fields that are no features hold, exactly, None in place of what stands for nothing."""
        return {
            name: self._with_nulls(all_exact(column, values, name=name, identity=name in self._identities), name)
            for name, column in zip(self._others, others, strict=True)
        }

    def _numbers(self, rows: list[tuple[Any, ...]]) -> NDArray[np.float64]:
        try:
            return self._matrix(rows)
        except struct.error:
            if self._shared.missing == "reject" and not self._reads_text:
                raise
        plain = frozenset({float, int, bool})
        return self._matrix([row if plain.issuperset(map(type, row)) else self._without_gaps(row) for row in rows])

    def _without_gaps(self, row: tuple[Any, ...]) -> list[Any]:
        """Return a row with numbers in place of texts, and NaN in place of what is missing."""
        names = self.fields or ()
        return [
            cell if type(cell) in (float, int, bool) else self._cell_number(cell, name)
            for cell, name in zip(row, names, strict=True)
        ]

    def _cell_number(self, cell: Any, name: str) -> float:
        return NAN if self._nulls.has(name, cell) else self._number(cell, name)

    def _parse(self, value: bytes, record: Record) -> _Event:
        del record
        try:
            event = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise undecodable(value, error) from None
        if not isinstance(event, dict):
            raise RejectedError("decode", "wrong_type", f"The JSON is {kind(event)}; expected an object.")
        return _Event(event, value)

    def _described(self, event: _Event) -> Iterator[tuple[str, Kind]]:
        return self._leaves(event.fields)

    def _shape(self, event: _Event) -> tuple[str, ...]:
        return tuple(event.fields)

    def _leaves(self, fields: dict[str, Any]) -> Iterator[tuple[str, Kind]]:
        for name, value in leaves(fields):
            yield name, self._kind(name, value)

    def _kind(self, name: str, value: Any) -> Kind:
        if self._nulls.has(name, value):
            return "null"
        if isinstance(value, (int, float)):
            return "number"
        if isinstance(value, str):
            return "text" if self._number_text.read(value) is None else "number as text"
        return "list" if isinstance(value, list) else "text"

    def _cell(self, event: _Event, name: str) -> Any:
        return lookup(event.fields, name)

    def _other(self, event: _Event, name: str) -> Any:
        cell = lookup(event.fields, name)
        return all_exact([cell], [event.value], name=name, identity=name in self._identities)[0]

    def _number(self, cell: Any, name: str) -> float:
        if isinstance(cell, (int, float)):
            return float(cell)
        if not isinstance(cell, str):
            raise RejectedError("features", "wrong_type", f"Feature {name!r} is {kind(cell)}; expected a number.")
        number = self._number_text.read(cell) if self._reads_text else None
        if number is not None:
            return number
        raise text_is_no_number(cell, name, may_be_text=self._reads_text)


def _values(events: list[dict[str, Any]], name: str) -> list[Any]:
    if "." in name:
        return [lookup(event, name) for event in events]
    return list(map(methodcaller("get", name), events))


def undecodable(value: bytes, error: orjson.JSONDecodeError) -> RejectedError:
    """Return what to say of a value that is no JSON."""
    if key := registry_prefix(value):
        return RejectedError(
            "decode", "undecodable", f"The value stands behind a schema registry's {key}: {_remedy(value)}."
        )
    if NOT_A_NUMBER.search(value):
        try:
            orjson.loads(NOT_A_NUMBER.sub(b"null", value))
        except orjson.JSONDecodeError:
            pass
        else:
            return RejectedError(
                "decode", "not_finite", "The payload holds NaN or Infinity, which JSON does not allow."
            )
    return RejectedError("decode", "undecodable", f"Not valid JSON: {error.msg} at byte {error.pos}.")


def _remedy(value: bytes) -> str:
    _, size = schema_key(value)
    try:
        orjson.loads(value[size:])
    except orjson.JSONDecodeError:
        return "set type: avro or type: protobuf, and registry"
    return "JSON follows; set registry_header: true"
