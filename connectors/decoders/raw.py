"""Events as bare numbers of a fixed type and shape: images, waveforms."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field, PositiveInt, model_validator

from connectors.decoder import Rows
from connectors.decoders.envelope import (
    LARGEST,
    EnvelopeOptions,
    RejectedError,
    arrival_seconds,
    event_seconds,
    payload,
    task_name,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

    from numpy.typing import NDArray

    from connectors.decoder import Reject
    from connectors.decoders.envelope import Stage
    from connectors.record import Record


class RawOptions(EnvelopeOptions):
    """A payload of little-endian numbers; label, task, key and time name record headers of UTF-8 text."""

    type: Literal["raw"] = "raw"
    dtype: Literal["uint8", "int8", "uint16", "int16", "int32", "float16", "float32", "float64"] = Field(
        description="Type of each number."
    )
    shape: tuple[PositiveInt, ...] = Field(min_length=1, description="Shape of one event, such as [28, 28].")
    scale: float = Field(
        1.0, description="Every number is multiplied by this, such as 0.00392156862745098 for 1/255."
    )
    offset: float = Field(0.0, description="Then this is added.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.event_bytes > self.max_bytes:
            raise ValueError(
                f"an event of this shape has {self.event_bytes} bytes; raise max_bytes ({self.max_bytes})"
            )
        return self

    @property
    def event_bytes(self) -> int:
        """Size of one payload."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize

    @property
    def always_finite(self) -> bool:
        """Whether no payload can hold a number that is not finite once it is scaled."""
        dtype = np.dtype(self.dtype)
        return dtype.kind in "iu" and np.iinfo(dtype).max * abs(self.scale) + abs(self.offset) < LARGEST / 2


class _Surroundings(NamedTuple):
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
        values, surroundings, kept, rejects = [], [], [], []
        for record in records:
            try:
                value = self._checked(payload(record, max_bytes=self._options.max_bytes))
                surroundings.append(self._surroundings(dict(record.headers), record))
            except RejectedError as error:
                rejects.append(error.of(record))
            else:
                values.append(value)
                kept.append(record)
        return self._rows(self._scaled(b"".join(values)), surroundings, kept), rejects

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

    def _surroundings(self, headers: dict[str, bytes | None], record: Record) -> _Surroundings:
        options = self._options
        label = _text(headers, options.label, stage="label")
        task = None if options.task is None else task_name(_text(headers, options.task, stage="task"))
        key = record.key if options.key is None else headers.get(options.key)
        return _Surroundings(label, task, key, self._seconds(headers))

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

    def _rows(self, x: NDArray[np.float64], around: list[_Surroundings], records: list[Record]) -> Rows:
        arrival = arrival_seconds(records)
        stated = np.array([one.seconds for one in around], dtype=np.float64)
        return Rows(
            x=x,
            label=[one.label for one in around],
            task=None if self._options.task is None else [one.task or "" for one in around],
            key=[one.key for one in around],
            time=np.where(np.isnan(stated), arrival, stated),
            records=records,
        )

    def state_dict(self) -> dict[str, Any]:
        """Return nothing: a raw decoder learns nothing from the stream."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up nothing."""


def _text(headers: dict[str, bytes | None], name: str | None, *, stage: Stage) -> str | None:
    value = None if name is None else headers.get(name)
    try:
        return value.decode() if value else None
    except UnicodeDecodeError:
        raise RejectedError(stage, "wrong_type", f"The header {name!r} is not UTF-8 text.") from None
