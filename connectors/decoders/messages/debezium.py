"""Debezium's change events: the row after the change is the event.

See "Data change events" of the connectors' documentation, and ``ExtractNewRecordState``: what the envelope says has
the names that it gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from connectors.decoders.envelope import RejectedError, kind
from connectors.decoders.exact_json import loads
from connectors.decoders.messages.connect import (
    MICROSECOND,
    MILLISECOND,
    field_schema,
    is_connect,
    moment_of,
    read_with_schema,
)
from connectors.decoders.messages.decimals import decimal_of
from connectors.decoders.messages.envelope_contract import beside

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.decoders.messages.envelope_contract import Wanted, Wrapped

PREFIX = "__"
"""Before the name of what the envelope says: __op, __table, __source_ts_ms."""
_OF_SOURCE = "source_"
_ROWS = {"c": "created", "r": "read", "u": "updated"}
_TIMES = {"ms": MILLISECOND, "us": MICROSECOND, "ns": 1}
_NO_ROWS = {"d": "deleted", "t": "truncated"}


def open_debezium(wrapped: Wrapped, wanted: Wanted) -> Any:
    """Return the row after a change; a deletion is a tombstone, as the record is that Debezium sends after it."""
    message = wrapped.message
    schema = message.get("schema") if is_connect(message) else None
    change = message["payload"] if is_connect(message) or _is_payload(message) else message
    if change is None:
        raise RejectedError("decode", "tombstone", "The payload is null.", expected=True)
    if not isinstance(change, dict) or "op" not in change:
        raise RejectedError(
            "decode",
            "undecodable",
            "The message is no Debezium change event, which has op, before and after; remove envelope, or set"
            " envelope: connect, where the connector sends rows alone.",
        )
    row = _row(change)
    if schema is None:
        row = _variable_decimals(row)
    row = read_with_schema(row, field_schema(schema, "after"), wanted)
    return beside(row, _said(change, wanted))


def _is_payload(message: Any) -> bool:
    return isinstance(message, dict) and "op" not in message and "payload" in message


def _row(change: Mapping[str, Any]) -> dict[str, Any]:
    op, row = str(change["op"]), change.get("after")
    if op in _NO_ROWS:
        raise RejectedError("decode", "tombstone", f"The row was {_NO_ROWS[op]} (op {op}).", expected=True)
    if isinstance(row, str):  # MongoDB's documents are text
        row = _document(row)
    if op not in _ROWS or not isinstance(row, dict):
        raise RejectedError(
            "decode", "wrong_type", f"The change holds {kind(row)} in after; expected a row, or op d or t."
        )
    return row


def _document(text: str) -> Any:
    try:
        return loads(text)
    except orjson.JSONDecodeError:
        return text


def _variable_decimals(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: decimal_of(value["value"], value["scale"])
        if isinstance(value, dict) and value.keys() == {"scale", "value"}
        else value
        for name, value in row.items()
    }


def _said(change: Mapping[str, Any], wanted: Wanted) -> dict[str, Any]:
    """Return what the envelope says, under the names that are wanted."""
    said = {name: _field(change, name.removeprefix(PREFIX)) for name in wanted.names if name.startswith(PREFIX)}
    time = wanted.time
    if time is not None and said.get(time) is not None:
        unit = _TIMES.get(time.rpartition("_")[2])
        said[time] = said[time] if unit is None else moment_of(said[time], unit)
    return said


def _field(change: Mapping[str, Any], name: str) -> Any:
    source = change.get("source")
    source = source if isinstance(source, dict) else {}
    if name == "deleted":
        return change.get("op") == "d"
    if name in change:
        return change[name]
    return source.get(name, source.get(name.removeprefix(_OF_SOURCE)))
