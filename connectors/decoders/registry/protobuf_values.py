"""The fields of a Protobuf message as plain values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from google.protobuf.descriptor import FieldDescriptor
    from google.protobuf.message import Message

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WRAPPERS: Final = frozenset(
    f"google.protobuf.{kind}Value"
    for kind in ("Double", "Float", "Int64", "UInt64", "Int32", "UInt32", "Bool", "String", "Bytes")
)


def values_of(message: Message) -> Any:
    """Return an object of all fields by name: what has presence and isn't there is null.

    A Timestamp is a moment, a wrapper the value in it, an enum the name of its value.
    """
    name = message.DESCRIPTOR.full_name
    if name == "google.protobuf.Timestamp":
        return _moment(message)
    if name in _WRAPPERS:
        return message.value  # type: ignore[attr-defined]  # each of them has one
    return {each.name: _value(message, each) for each in message.DESCRIPTOR.fields}


def _value(message: Message, field: FieldDescriptor) -> Any:
    if field.has_presence and not message.HasField(field.name):
        return None
    value = getattr(message, field.name)
    if not _is_repeated(field):
        return _single(value, field)
    entry = field.message_type
    if entry is not None and entry.GetOptions().map_entry:
        of = entry.fields_by_name["value"]
        return {_key(key): _single(value[key], of) for key in value}
    return [_single(each, field) for each in value]


def _is_repeated(field: FieldDescriptor) -> bool:
    return bool(field.label == field.LABEL_REPEATED)


def _single(value: Any, field: FieldDescriptor) -> Any:
    if field.message_type is not None:
        return values_of(value)
    if field.enum_type is not None:
        known = field.enum_type.values_by_number.get(value)
        return value if known is None else known.name
    return value


def _key(key: Any) -> str:
    return ("true" if key else "false") if isinstance(key, bool) else str(key)


def _moment(message: Any) -> datetime | None:
    try:
        return _EPOCH + timedelta(seconds=message.seconds, microseconds=message.nanos // 1_000)
    except OverflowError:
        return None
