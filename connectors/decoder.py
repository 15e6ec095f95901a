"""The contract of every decoder: records in, columns and rejects out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

import numpy as np

from connectors.printable import message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from connectors.record import Record

RejectStage = Literal["read", "decode", "features", "label", "task"]
RejectReason = Literal[
    "unreadable",  # a batch of the log whose bytes are damaged
    "tombstone",  # a null value
    "too_large",  # larger than the declared limit: a payload, or a name
    "undecodable",  # not the declared format at all
    "wrong_type",  # a field of another type or shape than declared
    "not_finite",  # NaN or an infinity where a number is needed
    "missing_field",  # a feature is absent and the policy is to reject
    "missing_label",
    "missing_task",
    "unknown_class",  # a class beyond the declared ones or beyond max_classes
    "implausible_time",  # before the earliest time, or too far ahead
]
Oddity = tuple[str, str]
"""A field, and what was odd about a value that was accepted all the same."""
OUT_OF_RANGE = "out_of_range"
CLAMPED = "clamped"
TIMESTAMP, UNKNOWN = "(timestamp)", "unknown"
"""The record's own, where it cannot be."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that can't be learned from, and why; it goes to the dead letters unchanged."""

    record: Record
    stage: RejectStage
    reason: RejectReason
    message: str
    """One sentence for a person: the field, what was found, what was expected; short, whatever it quotes."""
    expected: bool = False
    """Whether the format has such records, as a deletion of a row is: no fault, however many there are."""

    def __post_init__(self) -> None:
        # Here, because everything that is made of a message (logs, headers, notes) has a bound of its own.
        object.__setattr__(self, "message", message(self.message))


@dataclass(frozen=True, slots=True)
class Rows:
    """What a decoder makes of some records: columns of the same length, in the records' order.

    ``x`` is ``(rows, fields) float64``: finite, or NaN where a value is missing and gaps are to be filled.
    ``label`` holds one raw value a row: a str, int, bool or float as decoded, or None where the record has none.
    ``task``: the raw value of the task field as str, or None where no task field is configured.
    ``key``: the record's key, or the configured key field as bytes; None where there is none.
    ``time``: ``(rows,) float64`` seconds since the epoch, from the time field or the record's timestamp; NaN
    where unknown. ``records`` are the accepted records, row by row. ``odd`` counts by field what was
    out of range, and so is missing, and times that were clamped. ``cells`` are the values of fields that are
    asked for besides, as text, None where one is missing.
    """

    x: NDArray[np.float64]
    label: list[Any]
    task: list[str] | None
    key: list[bytes | None]
    time: NDArray[np.float64]
    records: list[Record]
    odd: Mapping[Oddity, int] = field(default_factory=dict)
    cells: Mapping[str, list[str | None]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.records)

    @staticmethod
    def joined(parts: Sequence[Rows]) -> Rows:
        """Return the rows of all parts, at least one, in their order; parts without rows may have other columns."""
        filled = [part for part in parts if len(part)] or parts[-1:]
        odd = sum((Counter(part.odd) for part in parts), Counter[Oddity]())
        if len(filled) == 1:
            return replace(filled[0], odd=odd)
        return Rows(
            x=np.concatenate([part.x for part in filled]),
            label=[label for part in filled for label in part.label],
            task=None if filled[0].task is None else [task for part in filled for task in part.task or ()],
            key=[key for part in filled for key in part.key],
            time=np.concatenate([part.time for part in filled]),
            records=[record for part in filled for record in part.records],
            odd=odd,
            cells={name: [cell for part in filled for cell in part.cells[name]] for name in filled[0].cells},
        )

    def chosen(self, rows: NDArray[np.bool_]) -> Rows:
        """Return the rows that are chosen ``(rows,) bool``; ``odd`` still counts all."""
        index = np.flatnonzero(rows).tolist()
        return Rows(
            x=self.x[rows],
            label=[self.label[i] for i in index],
            task=None if self.task is None else [self.task[i] for i in index],
            key=[self.key[i] for i in index],
            time=self.time[rows],
            records=[self.records[i] for i in index],
            odd=self.odd,
            cells={name: [each[i] for i in index] for name, each in self.cells.items()},
        )


class Decoder(Protocol):
    """Turns bytes into columns.

    Deterministic: the result depends on the records and the state alone, not on how records are grouped into calls.
    """

    @property
    def fields(self) -> Sequence[str] | None:
        """The names of the columns of ``x``; None until records have fixed them."""

    def decode(self, records: Sequence[Record]) -> tuple[Rows, list[Reject]]:
        """Decode what can be decoded; never raises for what a record holds."""

    def state_dict(self) -> dict[str, Any]:
        """Return all that was learned from the stream, such as the order of fields: arrays and JSON values."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the state that ``state_dict`` returned."""


@runtime_checkable
class LooksAhead(Protocol):
    """A decoder that looks at the first events together before it decodes them."""

    def look_at(self, records: Sequence[Record]) -> None:
        """Fix the fields by the first records, where they are not fixed; ``decode`` comes next, with these."""

    @property
    def left_out(self) -> Mapping[str, str]:
        """Fields that were seen and are no features, and why."""


class DecoderUnavailableError(Exception):
    """What decoding needs from elsewhere can't be had now; the records are to wait. The message says why."""


@runtime_checkable
class PreparingDecoder(Protocol):
    """A decoder that needs something from elsewhere, such as a schema from a registry."""

    def prepare(self, records: Sequence[Record]) -> None:
        """Get all that ``decode`` will need for these records; raise ``DecoderUnavailableError`` where it can't.

        What isn't there at all, such as a schema that the registry doesn't know, is for ``decode`` to reject.
        """
