"""Events as bare numbers of a fixed type and shape, such as images and waveforms."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from connectors.decoder import Rows
from connectors.decoders.envelope import (
    LARGEST,
    RejectedError,
    arrival_seconds,
    event_seconds,
    payload,
    task_name,
)
from connectors.decoders.raw_options import RawOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from connectors.decoder import Reject, RejectStage
    from connectors.record import Record


class _Envelope(NamedTuple):
    label: str | None
    task: str | None
    key: bytes | None
    seconds: float


class RawDecoder:
    """Decodes fixed-size payloads to ``number * scale + offset``.

    >>> from connectors.record import LocalRecord
    >>> decoder = RawDecoder(RawOptions(dtype="uint8", shape=(2,), scale=0.5, label="label"))
    >>> rows, _ = decoder.decode([LocalRecord("t", 0, 0, -1, None, bytes([2, 4]), [("label", b"7")])])
    >>> rows.x.tolist(), rows.label
    ([[1.0, 2.0]], ['7'])
    """

    Options: ClassVar[type[RawOptions]] = RawOptions

    def __init__(self, options: RawOptions) -> None:
        self._options = options
        self._dtype = np.dtype(options.dtype).newbyteorder("<")
        self._fields = tuple(f"x{n}" for n in range(math.prod(options.shape)))
        self._always_finite = options.always_finite
        self._event_bytes = options.event_bytes

    @property
    def fields(self) -> Sequence[str]:
        """The names of the columns: x0, x1, … in C order."""
        return self._fields

    def decode(self, records: Sequence[Record]) -> tuple[Rows, list[Reject]]:
        """Decode what can be decoded; never raises for what a record holds."""
        values, envelopes, kept, rejects = [], [], [], []
        for record in records:
            try:
                value = self._checked(payload(record, max_bytes=self._options.max_bytes))
                envelopes.append(self._envelope(dict(record.headers), record))
            except RejectedError as error:
                rejects.append(error.of(record))
            else:
                values.append(value)
                kept.append(record)
        return self._rows(self._scaled(b"".join(values)), envelopes, kept), rejects

    def _checked(self, value: bytes) -> bytes:
        options = self._options
        if len(value) != self._event_bytes:
            raise RejectedError(
                "decode",
                "wrong_type",
                f"The payload has {len(value)} bytes; {options.dtype} of shape {list(options.shape)} "
                f"has {self._event_bytes}.",
            )
        if not self._always_finite and not (np.abs(self._scaled(value)) <= LARGEST).all():
            raise RejectedError(
                "features",
                "not_finite",
                "The payload holds a number that is not finite or too large for a float32.",
            )
        return value

    def _scaled(self, payloads: bytes) -> NDArray[np.float64]:
        numbers = np.frombuffer(payloads, dtype=self._dtype).reshape(-1, len(self._fields))
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is found and rejected
            scaled = numbers.astype(np.float64)
            scaled *= self._options.scale
            scaled += self._options.offset
        return scaled

    def _envelope(self, headers: dict[str, bytes | None], record: Record) -> _Envelope:
        options = self._options
        label = _text(headers, options.label, stage="label")
        task = None if options.task is None else task_name(_text(headers, options.task, stage="task"))
        key = record.key if options.key is None else headers.get(options.key)
        return _Envelope(label, task, key, self._seconds(headers))

    def _seconds(self, headers: dict[str, bytes | None]) -> float:
        if self._options.time is None:
            return math.nan
        text = _text(headers, self._options.time, stage="decode")
        if text is None or self._options.time_unit == "iso":
            return event_seconds(text, self._options.time_unit)
        try:
            return event_seconds(float(text), self._options.time_unit)
        except ValueError:
            return event_seconds(text, self._options.time_unit)

    def _rows(self, x: NDArray[np.float64], envelopes: list[_Envelope], records: list[Record]) -> Rows:
        arrival = arrival_seconds(records)
        stated = np.array([one.seconds for one in envelopes], dtype=np.float64)
        return Rows(
            x=x,
            label=[one.label for one in envelopes],
            task=None if self._options.task is None else [one.task or "" for one in envelopes],
            key=[one.key for one in envelopes],
            time=np.where(np.isnan(stated), arrival, stated),
            records=records,
        )

    def state_dict(self) -> dict[str, Any]:
        """Return nothing: a raw decoder learns nothing from the stream."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up nothing."""


def _text(headers: dict[str, bytes | None], name: str | None, *, stage: RejectStage) -> str | None:
    value = None if name is None else headers.get(name)
    try:
        return value.decode() if value else None
    except UnicodeDecodeError:
        raise RejectedError(stage, "wrong_type", f"The header {name!r} is not UTF-8 text.") from None
