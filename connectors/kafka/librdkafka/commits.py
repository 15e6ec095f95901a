"""The answers to what was committed, which librdkafka tells among the records that it delivers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.kafka.librdkafka.faults import kind_of
from connectors.kafka.librdkafka.offsets import raise_any

if TYPE_CHECKING:
    from collections.abc import Sequence


class Commits:
    """Takes answers as the library's callback, and finds the one to a commit among those that come late."""

    def __init__(self) -> None:
        self._answers: list[tuple[Any, Sequence[Any]]] = []

    def take(self, error: Any, places: Sequence[Any]) -> None:
        """Note an answer."""
        self._answers.append((error, places))

    def is_answered(self, places: Sequence[Any]) -> bool:
        """Return whether the commit of these offsets was answered; raise KafkaError where it was refused."""
        wanted = _named(places)
        answer = next(((error, said) for error, said in self._answers if _named(said) == wanted), None)
        if answer is None:
            return False
        self._answers.clear()
        error, said = answer
        if error is not None:
            raise kind_of(error)(error.str())
        raise_any(said)
        return True


def _named(places: Sequence[Any]) -> set[tuple[str, int, int]]:
    return {(at.topic, at.partition, at.offset) for at in places}
