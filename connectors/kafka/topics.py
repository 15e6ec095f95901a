"""What a broker says of topics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kafka import errors

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """What a broker says of one topic."""

    topic_id: str | None
    """Changes when a topic is deleted and created again (KIP-516); None from brokers before 2.8."""
    partitions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics that can be read now, and why others cannot."""

    found: Mapping[str, TopicFacts]
    problems: Mapping[str, str]


def topic_problem(name: str, error: type[errors.KafkaError]) -> str:
    """Return in a sentence why a topic cannot be read."""
    if issubclass(error, errors.UnknownTopicOrPartitionError):
        return f"topic {name} does not exist (retaind never creates topics)"
    if issubclass(error, errors.TopicAuthorizationFailedError):
        return f"not authorised to read topic {name}: grant the ACLs Read and Describe"
    return f"topic {name} cannot be read now: {error.__name__}"
