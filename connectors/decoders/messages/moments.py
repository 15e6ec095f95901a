"""Times that a format tells with their unit, in the unit that the configuration names."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from connectors.decoders.event_times import PER_SECOND

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def in_unit(moment: date, unit: str) -> int | float | str:
    """Return a moment as the time field of an event whose ``time_unit`` is ``unit``; without a zone it is UTC.

    >>> in_unit(datetime(2026, 1, 1, tzinfo=UTC), "milliseconds"), in_unit(date(1970, 1, 2), "seconds")
    (1767225600000, 86400)
    """
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if unit not in PER_SECOND:
        return moment.isoformat()
    microseconds = (moment - _EPOCH) // _MICROSECOND
    units, per_second = microseconds * int(PER_SECOND[unit]), int(PER_SECOND["microseconds"])
    return units / per_second if units % per_second else units // per_second
