"""Checks and conversions of what surrounds an event's features: payload size, label, task, key and time."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from connectors.decoder import Reject

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from connectors.decoder import RejectReason, RejectStage
    from connectors.decoders.envelope_options import TimeUnit
    from connectors.record import Record

LARGEST = float(np.finfo(np.float32).max)  # what the model's float32 can hold
LATEST_SECONDS = 2.5e11  # the year 9892: beyond it, milliseconds were taken for seconds
PLAIN_LABELS: frozenset[type] = frozenset({str, int, bool, type(None)})
PLAIN_CELLS: frozenset[type] = frozenset({str, type(None)})
PLAIN_TASKS: frozenset[type] = frozenset({str})
KINDS = {str: "text", bool: "a boolean", int: "a number", float: "a number", list: "a list", dict: "an object"}


class RejectedError(Exception):
    """One record can't be used; caught inside the decoder, which makes a ``Reject`` of it."""

    def __init__(self, stage: RejectStage, reason: RejectReason, message: str, *, expected: bool = False) -> None:
        super().__init__(message)
        self.stage: RejectStage = stage
        self.reason: RejectReason = reason
        self.expected = expected

    def of(self, record: Record) -> Reject:
        """Return the reject of ``record``."""
        return Reject(
            record=record, stage=self.stage, reason=self.reason, message=str(self), expected=self.expected
        )


def payload(record: Record, *, max_bytes: int) -> bytes:
    """Return the record's value; raise ``RejectedError`` for a tombstone or an oversized one."""
    value = record.value
    if value is None:
        raise RejectedError("decode", "tombstone", "The record has a null value.")
    if len(value) > max_bytes:
        raise RejectedError(
            "decode", "too_large", f"The payload has {len(value)} bytes; max_bytes allows {max_bytes}."
        )
    return value


def kind(value: object) -> str:
    """Return what a decoded value is, in words, without showing it.

    >>> kind([1, 2])
    'a list'
    """
    return KINDS.get(type(value), "null")


def label_value(value: Any) -> str | int | bool | float | None:
    """Return a label as it was decoded; raise ``RejectedError`` for anything that is not one plain value."""
    if type(value) in PLAIN_LABELS:
        return value  # type: ignore[no-any-return]  # the line above has looked at its type
    if not isinstance(value, float):
        raise RejectedError("label", "wrong_type", f"The label is {kind(value)}; expected text or a number.")
    if not math.isfinite(value):
        raise RejectedError("label", "not_finite", "The label is NaN or an infinity.")
    return value


def task_name(value: Any) -> str:
    """Return the name of a task; raise ``RejectedError`` where there is none.

    >>> task_name(3), task_name(True)
    ('3', 'true')
    """
    if value is None or value == "":
        raise RejectedError("task", "missing_task", "The task field is absent, null or empty.")
    return _text(value, stage="task", what="task")


def key_bytes(value: Any) -> bytes | None:
    """Return a key field's value as bytes, None where it is absent."""
    return None if value is None else _text(value, stage="decode", what="key").encode()


def _text(value: Any, *, stage: RejectStage, what: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    raise RejectedError(stage, "wrong_type", f"The {what} is {kind(value)}; expected text or a number.")


def cell_text(value: Any, name: str) -> str | None:
    """Return a field's value as text, None where it is absent or empty; raise ``RejectedError`` for any other.

    >>> cell_text(3, "mode"), cell_text(True, "on"), cell_text("", "wind")
    ('3', 'true', None)
    """
    if value is None or value == "":
        return None
    if isinstance(value, list | dict):
        raise RejectedError(
            "features", "wrong_type", f"Category {name!r} is {kind(value)}; expected text, a number or a boolean."
        )
    return _text(value, stage="features", what=f"category {name!r}")


def event_seconds(value: Any, unit: TimeUnit) -> float:
    """Return the seconds since 1970 that a time field holds, NaN where it is absent."""
    if value is None:
        return math.nan
    seconds = _iso_seconds(value) if unit == "iso" else _number_of_seconds(value, unit)
    if not abs(seconds) <= LATEST_SECONDS:
        raise RejectedError(
            "decode", "wrong_type", f"The time is out of range for {unit}; set time_unit to its format."
        )
    return seconds


def _number_of_seconds(value: Any, unit: TimeUnit) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value) / (1_000 if unit == "milliseconds" else 1)
    raise RejectedError(
        "decode", "wrong_type", f"The time is {kind(value)}; expected {unit} as a number, or set time_unit."
    )


def _iso_seconds(value: Any) -> float:
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, OverflowError):
        raise RejectedError(
            "decode", "wrong_type", f"The time is {kind(value)} that is not ISO 8601; set time_unit."
        ) from None


def arrival_seconds(records: Sequence[Record]) -> NDArray[np.float64]:
    """Return the records' own timestamps in seconds, ``(records,)``, NaN where unknown."""
    seconds = np.array([record.timestamp for record in records], dtype=np.float64) / 1_000
    return np.where((seconds >= 0) & (seconds <= LATEST_SECONDS), seconds, np.nan)


def converted(values: list[Any], plain: frozenset[type], convert: Callable[[Any], Any]) -> list[Any]:
    """Return ``convert`` of every value, or ``values`` itself where all are of a type that needs none."""
    if plain.issuperset(map(type, values)):
        return values
    return [convert(value) for value in values]
