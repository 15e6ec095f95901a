"""A message that holds a list of events, taken apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.decoders.envelope import RejectedError, kind
from connectors.decoders.json_fields import lookup
from connectors.decoders.messages.fields import replaced

if TYPE_CHECKING:
    from collections.abc import Iterator

ITSELF = "."
"""Names the message where it is the list itself."""


def explode(message: Any, name: str, *, most: int) -> Iterator[Any]:
    """Return the events of a message, in the order of its list; of an empty list, none.

    Raises ``RejectedError`` where there is no list, or it has more than ``most`` elements.

    >>> list(explode({"id": "a", "readings": [{"t": 1}, {"t": 2}]}, "readings", most=9))
    [{'id': 'a', 'readings': {'t': 1}}, {'id': 'a', 'readings': {'t': 2}}]
    """
    events = message if name == ITSELF else lookup(message, name) if isinstance(message, dict) else None
    where = "message" if name == ITSELF else f"field {name!r}"
    if not isinstance(events, list):
        raise RejectedError(
            "decode",
            "missing_field" if events is None else "wrong_type",
            f"The {where} is {kind(events)}; expected a list of events to explode.",
        )
    if len(events) > most:
        raise RejectedError(
            "decode", "too_large", f"The {where} has {len(events)} events; max_events allows {most}."
        )
    return iter(events) if name == ITSELF else (replaced(message, name, event) for event in events)
