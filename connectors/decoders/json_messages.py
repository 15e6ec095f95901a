"""Messages of JSON: plain events, or what an envelope, a list or a registry's header has around them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from connectors.decoders.exact_json import loads
from connectors.decoders.json import JsonDecoder, undecodable
from connectors.decoders.json_options import JsonOptions
from connectors.decoders.messages.message_decoder import MessageDecoder
from connectors.decoders.registry.wire_format import framed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connectors.decoder import Reject, Rows
    from connectors.record import Record


class JsonMessages(MessageDecoder):
    """Decodes JSON; events that are a message each take no detour.

    >>> from connectors.record import LocalRecord
    >>> decoder = JsonMessages(JsonOptions(explode="readings", key="id"))
    >>> value = b'{"id": "a", "readings": [{"t": 1}, {"t": 2}]}'
    >>> rows, _ = decoder.decode([LocalRecord("t", 0, 7, -1, None, value, [])])
    >>> decoder.fields, rows.x.tolist(), [(record.offset, record.event_index) for record in rows.records]
    (('readings.t',), [[1.0], [2.0]], [(7, 0), (7, 1)])
    """

    Options: ClassVar[type[JsonOptions]] = JsonOptions

    def __init__(self, options: JsonOptions, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__(options, JsonText(registry_header=options.registry_header), clock=clock)
        self._plain = options.plain
        if options.plain:
            self._events = JsonDecoder(options, clock=clock)

    def look_at(self, records: Sequence[Record]) -> None:
        """Take the features that the events in the first records have."""
        if self._plain:
            self._events.look_at(records)
        else:
            super().look_at(records)

    def decode(self, records: Sequence[Record]) -> tuple[Rows, list[Reject]]:
        """Decode what can be decoded; never raises for what a record holds."""
        return self._events.decode(records) if self._plain else super().decode(records)


class JsonText:
    """Reads JSON, behind a registry's header or not."""

    def __init__(self, *, registry_header: bool = False) -> None:
        self._registry_header = registry_header

    def read(self, value: bytes, record: Record, *, wanted: frozenset[str]) -> Any:
        """Return what the JSON says; raise ``RejectedError`` where it is none."""
        text = framed(value, record).value if self._registry_header else value
        try:
            return loads(text)
        except orjson.JSONDecodeError as error:
            raise undecodable(text, error) from None
