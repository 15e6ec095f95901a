"""Base of the decoders of objects that aren't plain JSON: messages are opened, and their events read as JSON.

An event means the same in every format, because all go one way: what an event says as JSON is what counts.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date
from decimal import Decimal
from math import isfinite, isnan
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from connectors.decoder import Reject, Rows
from connectors.decoders.envelope import RejectedError, kind, nested_too_deeply, payload
from connectors.decoders.json import JsonDecoder
from connectors.decoders.json_fields import leaves, lookup
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
from connectors.kept_letter import only_event
from connectors.record import EventRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from connectors.decoder import RejectStage
    from connectors.decoders.messages.message_format import MessageFormat
    from connectors.decoders.value_options import Marker
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

    def __init__(
        self, options: MessageOptions, message_format: MessageFormat, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._options = options
        self._format = message_format
        self._envelope = None if options.envelope is None else ENVELOPES[options.envelope]
        self._nan_is_null = _NanIsNull(options)
        self._events = JsonDecoder(_json_options(options), clock=clock)

    @property
    def fields(self) -> Sequence[str] | None:
        """The names of the columns of ``x``; None until the events have fixed them."""
        return self._events.fields

    @property
    def left_out(self) -> Mapping[str, str]:
        """Fields that were seen and are no features, and why."""
        return self._events.left_out

    def look_at(self, records: Sequence[Record]) -> None:
        """Take the features that the events in the first records have, where they are not known yet.

        Each message is opened with the names in mind that those before it had, as it is when fields are known.
        """
        if self.fields is not None:
            return
        events: list[_Event] = []
        seen: set[str] = set()
        for record in records:
            opened, _ = self._all_opened([record], seen)
            events += opened
            seen.update(name for event in opened for name, _ in leaves(orjson.loads(event.value)))
        self._events.look_at(events)

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
        events, rejects = self._all_opened(records, self.fields or ())
        rows, faults = self._events.decode(events)
        return _of_origins(rows), _in_order(rejects, faults, events)

    def _all_opened(
        self, records: Sequence[Record], names: Collection[str]
    ) -> tuple[list[_Event], list[tuple[int, Reject]]]:
        """Return the events in messages, and the rejects of what is none: each with how many events came before.

        ``names`` are fields that are known to be there.
        """
        wanted = self._wanted(names)
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
            except RecursionError:
                rejects.append((len(events), nested_too_deeply().of(record)))
        return events, rejects

    def _wanted(self, known: Collection[str]) -> Wanted:
        options = self._options
        names = options.named | set(known) | set(options.features or ())
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
        events = enumerate(explode(message, self._options.explode, most=self._options.max_events))
        alone = only_event(record)
        for index, event in events if alone is None else _the_one(events, alone):
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
        event = self._nan_is_null.applied(event)
        _require_finite(event, options)
        try:
            return event_json(event)
        except (TypeError, ValueError, RecursionError):
            raise RejectedError(
                "decode", "undecodable", "The event holds text that is not Unicode, or values that JSON cannot say."
            ) from None


class _NanIsNull:
    """Where NaN, which JSON lacks, was declared to stand for a missing value."""

    def __init__(self, options: MessageOptions) -> None:
        self._everywhere = _has_nan(options.null_values)
        self._fields = [name for name in options.fields if _has_nan(options.fields[name].null_values)]

    def applied(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return an event with null in place of such a NaN."""
        if self._everywhere:
            return {name: _without_nan(value) for name, value in event.items()}
        for name in self._fields:
            value = lookup(event, name)
            if isinstance(value, float) and isnan(value):
                event = replaced(event, name, None)
        return event


def _the_one(events: Iterator[tuple[int, Any]], alone: int) -> Iterator[tuple[int, Any]]:
    """Yield the only event that is wanted of a message: the others were learned when it came first."""
    found = next((each for each in events if each[0] == alone), None)
    if found is None:
        raise RejectedError("decode", "missing_field", f"The message has no event {alone}, which alone is wanted.")
    yield found


def _has_nan(markers: Iterable[Marker]) -> bool:
    return any(str(each).lower() == "nan" for each in markers)


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return None if isnan(value) else value
    if isinstance(value, dict):
        return {name: _without_nan(each) for name, each in value.items()}
    return [_without_nan(each) for each in value] if isinstance(value, list | tuple) else value


def _require_finite(event: Mapping[str, Any], options: MessageOptions) -> None:
    """Raise ``RejectedError`` where the label is NaN or an infinity, or what would be taken for a name."""
    wanted: list[tuple[str | None, RejectStage, str]] = [
        (options.label, "label", "label"),
        (options.task, "task", "task"),
        (options.key, "decode", "key"),
        *((name, "features", f"category {name!r}") for name in options.cells),
    ]
    for name, stage, what in wanted:
        value = None if name is None else lookup(event, name)
        if isinstance(value, float | Decimal) and not isfinite(value):
            raise RejectedError(stage, "not_finite", f"The {what} is NaN or an infinity.")


def _json_options(options: MessageOptions) -> JsonOptions:
    """Return the same options for the decoder of the events: without what is about messages."""
    of_messages = {"type", "max_bytes", *(MessageOptions.model_fields.keys() - TabularOptions.model_fields.keys())}
    shared = (JsonOptions.model_fields.keys() & type(options).model_fields.keys()) - of_messages
    given = {name: getattr(options, name) for name in shared}
    if options.target is not None:
        given["label"] = None
    own = JsonOptions(**given, max_bytes=_ANY_SIZE).with_cells(options.cells)
    return own if options.target is None else own.with_target(options.target)


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
