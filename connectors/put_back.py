"""The contract of what puts events back into a stream, each exactly once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.kept_letter import KeptLetter


class PutBackError(ValueError):
    """Nothing can be put back like this; the message says what to do."""


class PutBack(Protocol):
    """Where events are put back to. A batch has a mark; a process that was killed leaves it in its journal.

    The journal has the batch between ``prepare`` and ``put``. Raises ``PutBackError``, ``SourceUnavailableError``.
    """

    most: int
    """The most events of one batch."""
    to: str
    """The file that is written; empty where it is a topic."""

    def refuses(self, letter: KeptLetter) -> str:
        """Return why an event cannot be put back, in a few words; empty where it can."""

    def newest_mark(self) -> str:
        """Return the mark of the newest batch that is in the stream, whoever has put it there; empty of none."""

    def prepare(self, letters: Sequence[KeptLetter]) -> None:
        """See to it that ``put`` cannot fail for what the events are."""

    def put(self, letters: Sequence[KeptLetter], *, mark: str, positions: dict[int, int]) -> None:
        """Put a batch into the stream, all of it or nothing.

        ``positions`` are of the topic of dead letters, by partition: before them nothing is left to be put back.
        Where they are not known, there are none.
        """

    def close(self) -> None:
        """Release; may be called twice."""
