"""Checks and conversions of what surrounds an event's features: payload size, label, task and key."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from connectors.decoder import Reject
from connectors.decoders.identities import number_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.decoder import RejectReason, RejectStage
    from connectors.record import Record

LARGEST = float(np.finfo(np.float32).max)  # what the model's float32 can hold
PLAIN_LABELS: frozenset[type] = frozenset({str, int, bool, type(None)})
PLAIN_CELLS: frozenset[type] = frozenset({str, type(None)})
PLAIN_TASKS: frozenset[type] = frozenset({str})
NUMBER = "a number"
KINDS = {
    str: "text",
    bool: "a boolean",
    int: NUMBER,
    float: NUMBER,
    Decimal: NUMBER,
    list: "a list",
    dict: "an object",
}


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


def nested_too_deeply() -> RejectedError:
    """Return what to say of a value whose levels are more than can be followed."""
    return RejectedError("decode", "undecodable", "The event is nested too deeply to be read.")


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
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    if not isinstance(value, float):
        raise RejectedError("label", "wrong_type", f"The label is {kind(value)}; expected text or a number.")
    if not math.isfinite(value):
        raise RejectedError("label", "not_finite", "The label is NaN or an infinity.")
    return value


def task_name(value: Any) -> str:
    """Return the name of a task; raise ``RejectedError`` where there is none.

    >>> task_name(3), task_name(3.0), task_name(True)
    ('3', '3', 'true')
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
    if not isinstance(value, (int, float, Decimal)):
        raise RejectedError(stage, "wrong_type", f"The {what} is {kind(value)}; expected text or a number.")
    try:
        return number_name(value)
    except (ValueError, OverflowError):  # NaN, an infinity, or more digits than Python writes
        raise RejectedError(
            stage, "not_finite", f"The {what} is NaN, an infinity or a number of thousands of digits."
        ) from None


def cell_text(value: Any, *, name: str) -> str | None:
    """Return the value of a category as text, None where it is missing; raise ``RejectedError`` for any other.

    >>> [cell_text(value, name="mode") for value in (3, 3.0, True, "")]
    ['3', '3', 'true', None]
    """
    if value is None or value == "":
        return None
    if isinstance(value, list | dict):
        raise RejectedError(
            "features", "wrong_type", f"Category {name!r} is {kind(value)}; expected text, a number or a boolean."
        )
    return _text(value, stage="features", what=f"category {name!r}")


def converted(values: list[Any], plain: frozenset[type], convert: Callable[[Any], Any]) -> list[Any]:
    """Return ``convert`` of every value, or ``values`` itself where all are of a type that needs none."""
    if plain.issuperset(map(type, values)):
        return values
    return [convert(value) for value in values]
