"""Events as bare numbers of a fixed type and shape, such as images and waveforms."""

from __future__ import annotations

import math
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from connectors.decoder import Rows
from connectors.decoders.envelope import (
    LARGEST,
    RejectedError,
    payload,
    task_name,
)
from connectors.decoders.event_times import EventTimes, event_seconds
from connectors.decoders.identities import untyped_name
from connectors.decoders.nulls import Nulls
from connectors.decoders.number_text import NumberText
from connectors.decoders.raw_options import RawOptions
from connectors.decoders.validity import Validity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from connectors.decoder import Oddity, Reject, RejectStage
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

    def __init__(self, options: RawOptions, *, clock: Callable[[], float] = time.time) -> None:
        self._options = options
        self._dtype = np.dtype(options.dtype).newbyteorder("<")
        self._fields = tuple(f"x{n}" for n in range(math.prod(options.shape)))
        self._event_bytes = options.event_bytes
        self._times = EventTimes(options, clock=clock)
        self._nulls = Nulls(options, number_text=NumberText())
        self._nan_is_null = any(str(each).lower() == "nan" for each in options.null_values)
        self._markers = Validity(self._fields, nulls=self._nulls)
        self._validity = Validity(self._fields, ranges=options.ranges)
        self._takes_anything = options.always_finite and not (self._markers or self._validity)
        self._odd: Counter[Oddity] = Counter()

    @property
    def fields(self) -> Sequence[str]:
        """The names of the columns: x0, x1, … in C order."""
        return self._fields

    def decode(self, records: Sequence[Record]) -> tuple[Rows, list[Reject]]:
        """Decode what can be decoded; never raises for what a record holds."""
        values, envelopes, kept, rejects = [], [], [], []
        self._odd = Counter()
        for record in records:
            try:
                value = self._checked(payload(record, max_bytes=self._options.max_bytes))
                envelopes.append(self._envelope(dict(record.headers), record))
            except RejectedError as error:
                rejects.append(error.of(record))
            else:
                values.append(value)
                kept.append(record)
        rows = self._rows(self._scaled(b"".join(values)), envelopes, kept)
        return self._times.settle(rows, [one.seconds for one in envelopes], rejects=rejects, among=records), rejects

    def _checked(self, value: bytes) -> bytes:
        options = self._options
        if len(value) != self._event_bytes:
            raise RejectedError(
                "decode",
                "wrong_type",
                f"The payload has {len(value)} bytes; {options.dtype} of shape {list(options.shape)} "
                f"has {self._event_bytes}.",
            )
        if not self._takes_anything:
            self._check_values(self._scaled(value))
        return value

    def _check_values(self, scaled: NDArray[np.float64]) -> None:
        if not ((np.abs(scaled) <= LARGEST) | (np.isnan(scaled) & self._nan_is_null)).all():
            raise RejectedError(
                "features",
                "not_finite",
                "The payload holds a number that is not finite or too large for a float32.",
            )
        if self._options.missing == "reject":
            valid, odd = self._validity.check(scaled)
            if np.isnan(valid).any():
                self._odd.update(odd)
                raise RejectedError("features", "missing_field", "The payload holds a number that stands for none.")

    def _scaled(self, payloads: bytes) -> NDArray[np.float64]:
        numbers = np.frombuffer(payloads, dtype=self._dtype).reshape(-1, len(self._fields))
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is found and rejected
            scaled = self._markers.check(numbers.astype(np.float64)).x
            scaled *= self._options.scale
            scaled += self._options.offset
        return scaled

    def _envelope(self, headers: dict[str, bytes | None], record: Record) -> _Envelope:
        options = self._options
        label = self._named(headers, options.label, stage="label")
        task = None if options.task is None else task_name(self._named(headers, options.task, stage="task"))
        key = record.key if options.key is None else headers.get(options.key)
        return _Envelope(label, task, key, self._seconds(headers))

    def _seconds(self, headers: dict[str, bytes | None]) -> float:
        if self._options.time is None:
            return math.nan
        return event_seconds(_text(headers, self._options.time, stage="decode"), self._options.time_unit)

    def _rows(self, x: NDArray[np.float64], envelopes: list[_Envelope], records: list[Record]) -> Rows:
        valid, odd = self._validity.check(x)
        self._odd.update(odd)
        return Rows(
            x=valid,
            label=[one.label for one in envelopes],
            task=None if self._options.task is None else [one.task or "" for one in envelopes],
            key=[one.key for one in envelopes],
            time=np.empty(0),
            records=records,
            odd=self._odd,
        )

    def state_dict(self) -> dict[str, Any]:
        """Return the newest time, where times are clamped: nothing else is learned from the stream."""
        return {"times": self._times.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the state."""
        self._times.load_state_dict(state["times"])

    def _named(self, headers: dict[str, bytes | None], name: str | None, *, stage: RejectStage) -> str | None:
        """Return the text of a header that is no time, None where it stands for nothing."""
        text = _text(headers, name, stage=stage)
        return None if text is None or self._nulls.has(name or "", text) else untyped_name(text)


def _text(headers: dict[str, bytes | None], name: str | None, *, stage: RejectStage) -> str | None:
    value = None if name is None else headers.get(name)
    try:
        return value.decode() if value else None
    except UnicodeDecodeError:
        raise RejectedError(stage, "wrong_type", f"The header {name!r} is not UTF-8 text.") from None
