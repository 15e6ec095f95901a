"""The contract of every envelope: a message in, the event and what the envelope says of it out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from connectors.record import Record


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of an envelope the decoder has a use for."""

    names: frozenset[str]
    """Fields that the configuration names."""
    time: str | None = None
    """Which of them holds the event's time."""
    decimals: Mapping[str, int] = field(default_factory=dict)
    """Scale of the unscaled decimals in messages without a schema, by field."""


class Wrapped(NamedTuple):
    """A message as its format was read, and its record, whose headers may say more."""

    message: Any
    record: Record


Envelope = Callable[[Wrapped, Wanted], Any]
"""Takes a message and what is wanted of it; returns the event in it.

Raises ``RejectedError`` where the message isn't wrapped like this, or there is no event in it.
"""


def beside(event: Any, said: Mapping[str, Any]) -> Any:
    """Return an event with what its envelope says; a field of the event's own is not replaced."""
    return {**said, **event} if isinstance(event, dict) and said else event
