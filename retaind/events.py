"""Events as Python has them: dicts, frames and arrays."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from connectors.decoders.event_times import PER_SECOND
from connectors.decoders.json_fields import lookup
from connectors.record import LocalRecord
from daemon.serving.asked_events import asked_rows
from daemon.serving.tensors import TEXT, Tensor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from daemon.intake.asked_rows import AskedRows, RowGlance
    from daemon.serving.field_names import FieldNames

Event = dict[str, Any]
TOPIC = "python"


def dicts_of(events: Any, *, fields: Sequence[str] | None = None) -> list[Event]:
    """Return events as dicts, one each.

    They may be a dict (one event), an iterable of dicts, a frame of pandas or polars (a column is a field), or an
    array ``(rows, fields)``, whose columns are ``fields``, or x0, x1, … where those are not known.
    """
    if isinstance(events, dict):
        return [events]
    if hasattr(events, "to_dicts"):
        return list(events.to_dicts())
    if hasattr(events, "columns") and hasattr(events, "to_dict"):
        return list(events.to_dict("records"))
    if isinstance(events, np.ndarray):
        return _of_array(events, fields)
    return [_checked(event) for event in events]


def with_labels(events: Sequence[Event], labels: Iterable[Any], *, field: str) -> list[Event]:
    """Return the events with a label each, under the name ``field``."""
    given = list(labels)
    if len(given) != len(events):
        raise ValueError(f"there are {len(events)} events and {len(given)} labels; give one label an event")
    return [event | {field: label} for event, label in zip(events, given, strict=True)]


def records_of(events: Iterable[Event], *, first: int, names: FieldNames) -> list[LocalRecord]:
    """Return events as what a source delivers, numbered from ``first``; raise ``ValueError`` for no JSON value."""
    return [
        LocalRecord(TOPIC, 0, first + place, -1, None, _json(event, names, place), [])
        for place, event in enumerate(events)
    ]


def asked_of(events: Sequence[Event], *, glance: RowGlance, names: FieldNames, now: float) -> AskedRows:
    """Return what is asked by events; fields that the model does not know are left out, the label too."""
    wanted = [*glance.fields, *glance.categories.fields, names.key, names.time, names.task]
    columns = {name: [_plain(lookup(event, name), names, name) for event in events] for name in wanted}
    tensors = {
        name: Tensor(name, "FP64" if name in glance.fields else TEXT, (len(events),), values)
        for name, values in columns.items()
        if any(value is not None for value in values)
    }
    return asked_rows(tensors, rows=len(events), glance=glance, names=names, now=now)


def _of_array(events: np.ndarray[Any, Any], fields: Sequence[str] | None) -> list[Event]:
    if events.ndim != 2:  # noqa: PLR2004 - rows and fields
        raise ValueError(f"the array has the shape {events.shape}; expected (rows, fields)")
    names = [f"x{place}" for place in range(events.shape[1])] if fields is None else list(fields)
    if len(names) != events.shape[1]:
        raise ValueError(f"the array has {events.shape[1]} columns; the model's fields are {', '.join(names)}")
    return [dict(zip(names, row, strict=True)) for row in events.tolist()]


def _checked(event: Any) -> Event:
    if not isinstance(event, dict):
        raise TypeError(f"an event is a {type(event).__name__}; expected a dict, a frame or an array")
    return event


def _json(event: Mapping[str, Any], names: FieldNames, place: int) -> bytes:
    try:
        plain = {name: _plain(value, names, name) for name, value in event.items()}
        return orjson.dumps(plain, option=orjson.OPT_SERIALIZE_NUMPY)
    except TypeError as error:
        raise ValueError(f"event {place} is no JSON object: {error}") from error


def _plain(value: Any, names: FieldNames, name: str) -> Any:
    """Return a value as JSON has it: numpy's as Python's, a moment as the time field has it, NaN as missing."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, datetime):
        if name != names.time or names.time_unit == "iso":
            return value.isoformat()
        return value.timestamp() * PER_SECOND[names.time_unit]
    return None if isinstance(value, float) and value != value else value  # noqa: PLR0124 - NaN is not itself
