"""How many bytes one poll may bring, whatever the number of its records."""

from __future__ import annotations

from typing import Any

POLL_BYTES = 64 * 1024 * 1024
RECORD_BYTES = 200
"""What a record costs in memory besides its bytes."""


class PollBudget:
    """Counts the bytes of the batches that were opened for a poll; where they are spent, the poll ends.

    The batch that spends them is still delivered, so a poll brings at most ``most_bytes`` and one batch.
    """

    def __init__(self, most_bytes: int = POLL_BYTES) -> None:
        self._most_bytes = most_bytes
        self._left = most_bytes

    @property
    def spent(self) -> bool:
        """Whether nothing more is to be opened."""
        return self._left <= 0

    def refill(self) -> None:
        """Begin another poll."""
        self._left = self._most_bytes

    def spend(self, size_bytes: int, *, records: int) -> None:
        """Count a batch that was opened."""
        self._left -= size_bytes + records * RECORD_BYTES

    def end_polls_of(self, consumer: Any) -> None:
        """Let a ``KafkaConsumer`` end a poll when this is spent.

        It goes on until it has as many records as it wants: who says that these were all of them ends it.
        """
        fetcher = consumer._fetcher  # noqa: SLF001  # the client offers no other way
        append = fetcher._append  # noqa: SLF001

        def append_within(drained: Any, part: Any, max_records: int, update_offsets: Any) -> int:
            taken: int = append(drained, part, max_records, update_offsets)
            return max_records if self.spent else taken

        fetcher._append = append_within  # noqa: SLF001
