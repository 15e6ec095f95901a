"""Kafka Connect's JSON with a schema: values that the schema says how to read.

See ``org.apache.kafka.connect.json.JsonConverter`` with ``schemas.enable=true``, and the semantic types of
``org.apache.kafka.connect.data`` and ``io.debezium``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from connectors.decoders.envelope import RejectedError, kind
from connectors.decoders.json_fields import lookup
from connectors.decoders.messages.decimals import decimal_of, declared_decimals
from connectors.decoders.messages.fields import replaced

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.decoders.messages.envelope_contract import Wanted, Wrapped

DECIMAL: Final = "org.apache.kafka.connect.data.Decimal"
VARIABLE_DECIMAL: Final = "io.debezium.data.VariableScaleDecimal"
MILLISECOND: Final = 1_000_000
MICROSECOND: Final = 1_000
_DAY: Final = 86_400 * 1_000 * MILLISECOND
TIMES: Final[Mapping[str, int]] = {
    "org.apache.kafka.connect.data.Date": _DAY,
    "org.apache.kafka.connect.data.Timestamp": MILLISECOND,
    "io.debezium.time.Date": _DAY,
    "io.debezium.time.Timestamp": MILLISECOND,
    "io.debezium.time.MicroTimestamp": MICROSECOND,
    "io.debezium.time.NanoTimestamp": 1,
}
"""Nanoseconds that one means in a number that holds a time, by the name of the schema."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def open_connect(wrapped: Wrapped, wanted: Wanted) -> Any:
    """Return the payload of a message that has schema and payload."""
    message = wrapped.message
    if not is_connect(message):
        raise RejectedError(
            "decode",
            "undecodable",
            "The message has no schema and payload, as Kafka Connect writes them with schemas.enable; remove"
            " envelope where it doesn't.",
        )
    if message["payload"] is None:
        raise RejectedError("decode", "tombstone", "The payload is null.", expected=True)
    return read_with_schema(message["payload"], message["schema"], wanted)


def is_connect(message: Any) -> bool:
    """Tell whether a message is Kafka Connect's: an object of schema and payload, and nothing else."""
    return isinstance(message, dict) and message.keys() == {"schema", "payload"}


def read_with_schema(value: Any, schema: Any, wanted: Wanted) -> Any:
    """Return a value as its schema means it: decimals as numbers, and the time that is wanted as a moment.

    Where there is no schema, decimals are those that ``wanted`` declares.
    """
    if not isinstance(schema, dict):
        return declared_decimals(value, wanted.decimals)
    if wanted.time is not None and isinstance(value, dict):
        value = _with_moment(value, schema, wanted.time)
    return _read(value, schema)


def field_schema(schema: Any, name: str) -> Any:
    """Return the schema of a struct's field, None where it has none of that name."""
    fields = schema.get("fields") if isinstance(schema, dict) else None
    for each in fields if isinstance(fields, list) else ():
        if isinstance(each, dict) and each.get("field") == name:
            return each
    return None


def _read(value: Any, schema: Mapping[str, Any]) -> Any:
    if schema.get("name") == DECIMAL:
        return decimal_of(value, _scale(schema))
    if schema.get("name") == VARIABLE_DECIMAL and isinstance(value, dict):
        return decimal_of(value.get("value"), value.get("scale"))
    if isinstance(value, dict):
        values = schema.get("values")  # of a map
        return {name: _of_field(each, values or field_schema(schema, name)) for name, each in value.items()}
    return [_of_field(each, schema.get("items")) for each in value] if isinstance(value, list) else value


def _of_field(value: Any, schema: Any) -> Any:
    return _read(value, schema) if isinstance(schema, dict) else value


def _scale(schema: Mapping[str, Any]) -> Any:
    parameters = schema.get("parameters")
    scale = parameters.get("scale") if isinstance(parameters, dict) else None
    return int(scale) if isinstance(scale, str) and scale.removeprefix("-").isdecimal() else scale


def _with_moment(value: dict[str, Any], schema: Mapping[str, Any], name: str) -> dict[str, Any]:
    number, found = lookup(value, name), field_schema(schema, name)
    if found is None:
        found = schema
        for part in name.split("."):
            found = field_schema(found, part)
    unit = TIMES.get(str(found.get("name"))) if found is not None else None
    return value if unit is None or number is None else replaced(value, name, moment_of(number, unit))


def moment_of(number: Any, unit: int) -> datetime:
    """Return the moment that lies so many units, of so many nanoseconds each, after 1970 (UTC)."""
    if not isinstance(number, int) or isinstance(number, bool):
        raise RejectedError("decode", "wrong_type", f"The time is {kind(number)}; its schema says a whole number.")
    try:
        return _EPOCH + timedelta(microseconds=number * unit // 1_000)
    except OverflowError:
        raise RejectedError("decode", "wrong_type", "The time is out of range for its schema's unit.") from None
