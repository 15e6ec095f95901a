"""What a library for Kafka has to do for a sink that writes each record once: the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connectors.kafka.outgoing import Outgoing

ANSWER_SECONDS = 30.0
WAIT_SECONDS = 0.2  # of one step of waiting: between two of them it is asked whether to stop
NO_COORDINATOR = (
    "no broker coordinates transactions: has the cluster as many brokers as its"
    " transaction.state.log.replication.factor and transaction.state.log.min.isr ask for?"
)

Header = tuple[str, bytes]


class TooLargeError(Exception):
    """The topic or the client refuses a record for its size; which one is known where it was alone."""


class TransactionalWriter(Protocol):
    """A producer that has fenced whoever wrote under its name before (KIP-98), as it was made.

    It never creates a topic. It is thrown away at the first error: what became of a transaction then, the topic
    tells. Errors are kafka-python's KafkaError, whatever the library.
    """

    def write(self, rows: Sequence[Outgoing], header: Callable[[Outgoing], Header]) -> dict[int, int]:
        """Write rows in one transaction; return the offset after the last one of each partition written to.

        Raises TooLargeError and KafkaError; nothing of it is then committed, or all.
        """

    def close(self) -> None:
        """Close at once: what is not committed will be aborted, and nobody waits for it."""
