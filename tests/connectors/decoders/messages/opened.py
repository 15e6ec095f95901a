"""Messages as records, and what a decoder makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from connectors.decoders.json_messages import JsonMessages
from connectors.decoders.json_options import JsonOptions
from connectors.record import LocalRecord

if TYPE_CHECKING:
    from connectors.decoder import Reject, Rows


def message(value: Any, *, offset: int = 0, headers: dict[str, str] | None = None) -> LocalRecord:
    """A record whose value is the JSON of ``value``, bytes as they are."""
    text = value if value is None or isinstance(value, bytes) else orjson.dumps(value)
    pairs = [(name, each.encode()) for name, each in (headers or {}).items()]
    return LocalRecord("plant", 0, offset, -1, b"own", text, pairs)


def opened(*messages: LocalRecord, **options: Any) -> tuple[Rows, list[Reject]]:
    """What a JSON decoder of these options makes of messages."""
    return JsonMessages(JsonOptions(**options)).decode(messages)
