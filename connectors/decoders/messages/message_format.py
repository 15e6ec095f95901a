"""The contract of the formats of messages: from a record's bytes to an object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from connectors.record import Record


class MessageFormat(Protocol):
    """How the messages are written."""

    def read(self, value: bytes, record: Record, *, wanted: frozenset[str]) -> Any:
        """Return what the value of a record says: an object, or a list of them.

        ``wanted`` are the fields that are looked for. Raises ``RejectedError``.
        """
