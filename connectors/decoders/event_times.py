"""When an event was: what its time field says, and whether that can be."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from connectors.decoder import CLAMPED, TIMESTAMP, UNKNOWN
from connectors.decoders.envelope import RejectedError, kind
from connectors.decoders.number_text import NumberText

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from connectors.decoder import Oddity, Reject, Rows
    from connectors.decoders.envelope_options import EnvelopeOptions, TimeUnit
    from connectors.record import Record

    Seconds = NDArray[np.float64]

PER_SECOND: Mapping[str, float] = {
    "seconds": 1.0,
    "milliseconds": 1e3,
    "microseconds": 1e6,
    "nanoseconds": 1e9,
}
_LAST_SECOND = 253_402_300_799.0  # the end of the year 9999, the last that Python's calendar knows
_FIRST_SECOND = -62_135_596_800.0
_PLAIN = NumberText()


class EventTimes:
    """Gives each event its time: that of its field, or else its record's own timestamp.

    A time is plausible from ``earliest_time`` on, and up to ``max_ahead_seconds`` after the record's own timestamp,
    or after the present where the record has none. A record's timestamp that cannot be counts as unknown.
    """

    def __init__(self, options: EnvelopeOptions, *, clock: Callable[[], float]) -> None:
        self._options = options
        self._clock = clock
        earliest = options.earliest_time
        self._earliest = -math.inf if earliest is None else _utc(earliest).timestamp()
        self._ahead = math.inf if options.max_ahead_seconds is None else options.max_ahead_seconds
        self._newest = math.nan

    def settle(
        self, rows: Rows, stated: Sequence[float], *, rejects: list[Reject], among: Sequence[Record]
    ) -> Rows:
        """Return the rows with their times; ``stated`` are the seconds of each one's time field, NaN where unknown.

        A row whose time cannot be gets another time, as is configured, or is left out and becomes one of
        ``rejects``, which are in the order of the records that they are ``among``.
        """
        stamps = np.array([record.timestamp for record in rows.records], dtype=np.float64)
        arrival = self._arrival(stamps)
        if self._options.time is None or not len(rows):
            return replace(rows, time=arrival, odd=self._odd_timestamps(rows, stamps, arrival))
        seconds = np.array(stated, dtype=np.float64)
        since = np.where(np.isnan(arrival), self._clock(), arrival)
        implausible = (seconds < self._earliest) | (seconds > since + self._ahead)
        if self._options.implausible_time == "clamp":
            return self._with_clamped(rows, np.where(implausible, np.nan, seconds), arrival, implausible)
        rows = replace(rows, time=np.where(np.isnan(seconds), arrival, seconds))
        if not implausible.any():
            return rows
        wrong = np.flatnonzero(implausible).tolist()
        rejects += [self._complaint(stated[row]).of(rows.records[row]) for row in wrong]
        order = {id(record): place for place, record in enumerate(among)}
        rejects.sort(key=lambda reject: order[id(reject.record)])
        return rows.chosen(~implausible)

    def _arrival(self, stamps: NDArray[np.float64]) -> Seconds:
        """Return the records' own times, of ``stamps`` in milliseconds; NaN where one is unknown or cannot be."""
        seconds = stamps / 1_000
        latest = self._clock() + self._ahead
        return np.where((seconds >= max(self._earliest, 0.0)) & (seconds <= latest), seconds, np.nan)

    def _odd_timestamps(self, rows: Rows, stamps: NDArray[np.float64], arrival: Seconds) -> Mapping[Oddity, int]:
        wrong = int(((stamps >= 0) & np.isnan(arrival)).sum())
        return {**rows.odd, (TIMESTAMP, UNKNOWN): wrong} if wrong else rows.odd

    def _with_clamped(self, rows: Rows, seconds: Seconds, arrival: Seconds, implausible: NDArray[np.bool_]) -> Rows:
        """Return the rows with their arrival, or else the newest plausible time, in place of one that cannot be."""
        seconds = np.where(np.isnan(seconds), arrival, seconds)
        for row, one in enumerate(seconds.tolist()):
            if not math.isnan(one):
                self._newest = one
            elif implausible[row]:
                seconds[row] = self._newest
        clamped = int(implausible.sum())
        odd = {(self._options.time or "", CLAMPED): clamped} if clamped else {}
        return replace(rows, time=seconds, odd={**rows.odd, **odd})

    def _complaint(self, seconds: float) -> RejectedError:
        """Return why a time cannot be, and which unit would make sense of it."""
        unit = self._options.time_unit
        hint = "" if unit == "iso" else self._hint(seconds * PER_SECOND[unit])
        bound = "before decoder.earliest_time" if seconds < self._earliest else "beyond decoder.max_ahead_seconds"
        written = "" if unit == "iso" else f" in {unit}"
        return RejectedError("decode", "implausible_time", f"The time is {_date(seconds)}{written}, {bound}{hint}.")

    def _hint(self, number: float) -> str:
        latest = self._clock() + self._ahead
        for unit, per_second in PER_SECOND.items():
            if self._earliest <= number / per_second <= latest:
                return f"; in {unit} it would be {_date(number / per_second)}: set decoder.time_unit: {unit}"
        return ""

    def state_dict(self) -> dict[str, Any]:
        """Return the newest plausible time, where one that cannot be takes it."""
        return {} if math.isnan(self._newest) else {"newest": self._newest}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the state."""
        self._newest = float(state.get("newest", math.nan))


def event_seconds(value: Any, unit: TimeUnit) -> float:
    """Return the seconds since 1970 that a time field holds, NaN where it is absent.

    >>> event_seconds(1_500, "milliseconds"), event_seconds("1970-01-01T01:00:00+01:00", "iso")
    (1.5, 0.0)
    """
    if value is None:
        return math.nan
    seconds = _iso_seconds(value) if unit == "iso" else _number(value, unit) / PER_SECOND[unit]
    if not math.isfinite(seconds):
        raise RejectedError("decode", "not_finite", "The time is NaN or an infinity.")
    return seconds


def _number(value: Any, unit: TimeUnit) -> float:
    number = _PLAIN.read(value) if isinstance(value, str) else value
    if isinstance(number, (int, float)) and not isinstance(number, bool):
        try:
            return float(number)
        except OverflowError:
            return math.inf
    raise RejectedError(
        "decode", "wrong_type", f"The time is {kind(value)}; expected {unit} as a number, or set time_unit."
    )


def _iso_seconds(value: Any) -> float:
    try:
        return _utc(datetime.fromisoformat(value)).timestamp()
    except (TypeError, ValueError, OverflowError):
        raise RejectedError(
            "decode", "wrong_type", f"The time is {kind(value)} that is not ISO 8601; set time_unit."
        ) from None


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _date(seconds: float) -> str:
    within = min(max(seconds, _FIRST_SECOND), _LAST_SECOND)
    text = datetime.fromtimestamp(within, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return text if within == seconds else f"beyond the year {text[:4]}"
