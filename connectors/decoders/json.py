"""Events as JSON objects."""

from __future__ import annotations

import re
import struct
from contextlib import suppress
from operator import methodcaller
from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from connectors.decoders.envelope import RejectedError, kind
from connectors.decoders.flat_json import flat_reader
from connectors.decoders.json_fields import lookup, numeric_fields, reader
from connectors.decoders.json_options import JsonOptions
from connectors.decoders.registry.wire_format import registry_prefix, schema_key
from connectors.decoders.tabular import Columns, TabularDecoder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

NOT_A_NUMBER = re.compile(rb"-?\b(?:NaN|Infinity)\b")


class JsonDecoder(TabularDecoder):
    """Decodes JSON objects; booleans count as 0 and 1, and numbers written as text are rejected.

    >>> from connectors.record import LocalRecord
    >>> decoder = JsonDecoder(JsonOptions(label="fault"))
    >>> value = b'{"s1": 1.5, "on": true, "fault": "leak"}'
    >>> rows, rejects = decoder.decode([LocalRecord("t", 0, 0, -1, None, value, [])])
    >>> decoder.fields, rows.x.tolist(), rows.label, rejects
    (('s1', 'on'), [[1.5, 1.0]], ['leak'], [])
    """

    Options: ClassVar[type[JsonOptions]] = JsonOptions

    def __init__(self, options: JsonOptions) -> None:
        self._read_features: Callable[[dict[str, Any]], tuple[Any, ...]] | None = None
        self._read_flat: Callable[[Sequence[bytes]], list[tuple[Any, ...]]] | None = None
        self._others = sorted(options.named)
        super().__init__(options)

    def _fix_fields(self, names: tuple[str, ...]) -> None:
        super()._fix_fields(names)
        self._read_features = reader(names)
        self._read_flat = flat_reader(names, self._others)

    def _read(self, values: list[bytes]) -> Columns:
        features, others = self._parsed(values)
        options = self._shared
        return Columns(
            x=self._features(features),
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
                rows, width = self._read_flat(values), len(self._fields or ())
                return [row[:width] for row in rows], {
                    name: [row[place] for row in rows] for place, name in enumerate(self._others, width)
                }
        assert self._read_features is not None
        events: list[dict[str, Any]] = list(map(orjson.loads, values))
        return list(map(self._read_features, events)), {name: _values(events, name) for name in self._others}

    def _features(self, rows: list[tuple[Any, ...]]) -> NDArray[np.float64]:
        try:
            return self._matrix(rows)
        except struct.error:
            if self._shared.missing == "reject":
                raise
        nan = float("nan")
        return self._matrix(
            [[nan if cell is None else cell for cell in row] if None in row else row for row in rows]
        )

    def _parse(self, value: bytes) -> dict[str, Any]:
        try:
            event = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise undecodable(value, error) from None
        if not isinstance(event, dict):
            raise RejectedError("decode", "wrong_type", f"The JSON is {kind(event)}; expected an object.")
        return event

    def _numeric_fields(self, event: dict[str, Any]) -> Sequence[str]:
        return numeric_fields(event)

    def _cell(self, event: dict[str, Any], name: str) -> Any:
        return lookup(event, name)

    def _number(self, cell: Any, name: str) -> float:
        if isinstance(cell, (int, float)):
            return float(cell)
        raise RejectedError("features", "wrong_type", f"Feature {name!r} is {kind(cell)}; expected a number.")

    def _time_cell(self, cell: Any) -> Any:
        return cell


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
