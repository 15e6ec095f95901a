"""Base of the decoders of objects that aren't plain JSON: messages are opened, and their events read as JSON.

An event means the same in every format, because all go one way: what an event says as JSON is what counts.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from connectors.decoder import Reject, Rows
from connectors.decoders.envelope import RejectedError, kind, payload
from connectors.decoders.json import JsonDecoder
from connectors.decoders.json_fields import lookup
from connectors.decoders.json_options import JsonOptions
from connectors.decoders.message_options import MessageOptions
from connectors.decoders.messages.decimals import declared_decimals
from connectors.decoders.messages.envelope_contract import Wanted, Wrapped
from connectors.decoders.messages.envelopes import ENVELOPES
from connectors.decoders.messages.event_json import event_json
from connectors.decoders.messages.explode import explode
from connectors.decoders.messages.fields import replaced
from connectors.decoders.messages.moments import in_unit
from connectors.decoders.tabular_options import TabularOptions
from connectors.record import EventRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connectors.decoders.messages.message_format import MessageFormat
    from connectors.record import Record

_ANY_SIZE = 1 << 62


class _Event(NamedTuple):
    """An event as a record whose value is its JSON."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes
    headers: list[tuple[str, bytes]]
    origin: Record
    """The record that is predicted, or goes to the dead letters."""


class MessageDecoder:
    """Decodes messages of a format, wrapped in an envelope or not, each of one event or several."""

    def __init__(self, options: MessageOptions, message_format: MessageFormat) -> None:
        self._options = options
        self._format = message_format
        self._envelope = None if options.envelope is None else ENVELOPES[options.envelope]
        self._events = JsonDecoder(_json_options(options))

    @property
    def fields(self) -> Sequence[str] | None:
        """The names of the columns of ``x``; None until the events have fixed them."""
        return self._events.fields

    def decode(self, records: Sequence[Record]) -> tuple[Rows, list[Reject]]:
        """Decode what can be decoded; never raises for what a record holds."""
        # As long as the fields are not known, one message after another: what is wanted of the next may change.
        start = 0
        parts: list[tuple[Rows, list[Reject]]] = []
        while start < len(records) and self.fields is None:
            parts.append(self._decode(records[start : start + 1]))
            start += 1
        parts.append(self._decode(records[start:]))
        return Rows.joined([rows for rows, _ in parts]), [reject for _, rejects in parts for reject in rejects]

    def state_dict(self) -> dict[str, Any]:
        """Return what the decoder of the events has learned."""
        return self._events.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the state; raise ``ValueError`` where it belongs to other features than are configured."""
        self._events.load_state_dict(state)

    def _decode(self, records: Sequence[Record]) -> tuple[Rows, list[Reject]]:
        wanted = self._wanted()
        events: list[_Event] = []
        rejects: list[tuple[int, Reject]] = []
        for record in records:
            try:
                for each in self._opened(record, wanted):
                    if isinstance(each, Reject):
                        rejects.append((len(events), each))
                    else:
                        events.append(each)
            except RejectedError as error:
                rejects.append((len(events), error.of(record)))
        rows, faults = self._events.decode(events)
        return _of_origins(rows), _in_order(rejects, faults, events)

    def _wanted(self) -> Wanted:
        options = self._options
        names = options.named | set(self.fields or ()) | set(options.features or ())
        return Wanted(frozenset(names), time=options.time, decimals=options.decimals)

    def _opened(self, record: Record, wanted: Wanted) -> Iterator[_Event | Reject]:
        """Yield the events in a message; of one that is a part of a message and no event, the reject."""
        value = self._value(record)
        message = self._format.read(value, record, wanted=wanted.names)
        if self._envelope is not None:
            message = self._envelope(Wrapped(message, record), wanted)
        elif wanted.decimals:
            message = declared_decimals(message, wanted.decimals)
        if self._options.explode is None:
            yield self._event(message, record, record)
            return
        events = explode(message, self._options.explode, most=self._options.max_events)
        for index, event in enumerate(events):
            part = EventRecord.of(record, index)
            try:
                yield self._event(event, record, part)
            except RejectedError as error:
                yield error.of(part)

    def _value(self, record: Record) -> bytes:
        try:
            return payload(record, max_bytes=self._options.max_bytes)
        except RejectedError as error:
            # After a deletion Debezium sends a record without a value.
            error.expected = self._options.envelope == "debezium" and error.reason == "tombstone"
            raise

    def _event(self, event: Any, record: Record, origin: Record) -> _Event:
        if not isinstance(event, dict):
            raise RejectedError("decode", "wrong_type", f"The event is {kind(event)}; expected an object.")
        return _Event(
            record.topic,
            record.partition,
            record.offset,
            record.timestamp,
            record.key,
            self._json(event),
            record.headers,
            origin,
        )

    def _json(self, event: dict[str, Any]) -> bytes:
        options = self._options
        moment = None if options.time is None else lookup(event, options.time)
        if options.time is not None and isinstance(moment, date):
            event = replaced(event, options.time, in_unit(moment, options.time_unit))
        label = None if options.label is None else lookup(event, options.label)
        if isinstance(label, float) and not isfinite(label):
            raise RejectedError("label", "not_finite", "The label is NaN or an infinity.")
        try:
            return event_json(event)
        except (TypeError, ValueError, RecursionError):
            raise RejectedError(
                "decode", "undecodable", "The event holds text that is not Unicode, or values that JSON cannot say."
            ) from None


def _json_options(options: MessageOptions) -> JsonOptions:
    """Return the same options for the decoder of the events: without what is about messages."""
    of_messages = {"type", "max_bytes", *(MessageOptions.model_fields.keys() - TabularOptions.model_fields.keys())}
    shared = (JsonOptions.model_fields.keys() & type(options).model_fields.keys()) - of_messages
    own = JsonOptions(**{name: getattr(options, name) for name in shared}, max_bytes=_ANY_SIZE)
    return own.with_cells(options.cells)


def _of_origins(rows: Rows) -> Rows:
    """Return rows of events as rows of the records that the events came in."""
    return replace(rows, records=[_origin(record) for record in rows.records])


def _origin(record: Record) -> Record:
    return record.origin if isinstance(record, _Event) else record


def _in_order(opening: list[tuple[int, Reject]], faults: list[Reject], events: list[_Event]) -> list[Reject]:
    """Return the rejects from opening messages and those of events, in the order of the stream."""
    if not opening or not faults:
        return [reject for _, reject in opening] or [replace(one, record=_origin(one.record)) for one in faults]
    places = {id(event): place for place, event in enumerate(events)}
    # A message that wasn't opened stood before the event that came next.
    ordered = [(place, 0, reject) for place, reject in opening]
    ordered += [(places.get(id(one.record), -1), 1, replace(one, record=_origin(one.record))) for one in faults]
    return [reject for *_, reject in sorted(ordered, key=lambda each: each[:2])]
