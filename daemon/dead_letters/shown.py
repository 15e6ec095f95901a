"""One dead letter as text: all of it, with escapes in place of what nobody sees."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from connectors.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.kept_letter import KeptLetter


def shown(letter: KeptLetter) -> Iterator[str]:
    """Yield the lines that say all of a letter."""
    record = letter.record
    yield f"event      {printable(str(letter.event))}"
    yield f"lies in    {printable(letter.place)}"
    yield f"rejected   {_time(letter.rejected_at)}  {printable(letter.why)}"
    yield f"because    {printable(letter.message)}"
    yield f"time       {_time(record.timestamp / 1000) if record.timestamp >= 0 else 'unknown'}"
    if letter.altered:
        yield f"altered    {printable(letter.altered)}"
    yield f"key        {_bytes(record.key)}"
    for name, value in record.headers:
        yield f"header     {printable(name, keep='')}: {_bytes(value)}"
    yield f"value      {_bytes(record.value)}"


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).isoformat(timespec="milliseconds")


def _bytes(raw: bytes | None) -> str:
    r"""Return bytes as one line.

    >>> _bytes(b'{"a": 1}\n\xff\x1b[2J'), _bytes(None)
    ('{"a": 1}\\n\\xff\\x1b[2J', 'null')
    """
    return "null" if raw is None else printable(raw.decode(errors="backslashreplace"), keep="")
