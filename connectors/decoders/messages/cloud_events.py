"""CloudEvents, structured and binary: the data is the event.

See the CloudEvents specification 1.0.2, its JSON event format and its Kafka protocol binding.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import TYPE_CHECKING, Any

from connectors.decoders.envelope import RejectedError
from connectors.decoders.exact_json import loads
from connectors.decoders.messages.decimals import declared_decimals
from connectors.decoders.messages.envelope_contract import beside

if TYPE_CHECKING:
    from connectors.decoders.messages.envelope_contract import Wanted, Wrapped

PREFIX = "ce_"
"""Before the name of an attribute, in both modes: ce_time, ce_type, ce_source."""
STRUCTURED = "application/cloudevents"
_DATA = frozenset({"data", "data_base64"})


def open_cloud_event(wrapped: Wrapped, wanted: Wanted) -> Any:
    """Return the data of a CloudEvent, whose attributes are in the message (structured) or in headers (binary)."""
    message = wrapped.message
    headers = {name.lower(): value for name, value in wrapped.record.headers}
    if f"{PREFIX}specversion" in headers and not _says_structured(headers):
        said: dict[str, Any] = {name: _text(headers[name]) for name in headers if name.startswith(PREFIX)}
        data = message
    elif isinstance(message, dict) and "specversion" in message:
        said = {PREFIX + name: value for name, value in message.items() if name not in _DATA}
        data = _data(message)
    else:
        raise RejectedError(
            "decode",
            "undecodable",
            "The message is no CloudEvent: neither has it specversion, nor the header ce_specversion.",
        )
    return beside(
        declared_decimals(data, wanted.decimals), {name: said[name] for name in wanted.names if name in said}
    )


def _says_structured(headers: dict[str, bytes]) -> bool:
    said = headers.get("content-type")
    return said is not None and said.lower().startswith(STRUCTURED.encode())


def _data(message: dict[str, Any]) -> Any:
    if message.get("data") is not None:
        return message["data"]
    encoded = message.get("data_base64")
    if encoded is None:
        raise RejectedError("decode", "tombstone", "The CloudEvent holds no data.")
    try:
        return loads(b64decode(encoded, validate=True))
    except (binascii.Error, TypeError, ValueError):
        raise RejectedError(
            "decode", "undecodable", "The CloudEvent's data_base64 is not JSON in Base64."
        ) from None


def _text(value: bytes | None) -> str | None:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise RejectedError("decode", "wrong_type", "A header of the CloudEvent is not UTF-8 text.") from None
