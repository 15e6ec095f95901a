"""What librdkafka says of its connections, once a second, as JSON (its STATISTICS.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kafka import TopicPartition

CONNECTED = ("UP", "UPDATE")
NO_LEADER = -1


class Statistics:
    """Keeps the newest, and looks into it only where it is asked."""

    def __init__(self) -> None:
        self._text: str | None = None

    def take(self, text: str) -> None:
        """Note them, as the library's callback."""
        self._text = text

    def trouble(self, parts: Iterable[TopicPartition]) -> str:
        """Return in one sentence why these partitions cannot be read now; empty where they can, or nobody knows."""
        if self._text is None:
            return ""
        said = orjson.loads(self._text)
        brokers = {each["nodeid"]: each for each in said["brokers"].values() if each["source"] != "logical"}
        for part in parts:
            known = said["topics"].get(part.topic, {}).get("partitions", {}).get(str(part.partition))
            if known is not None and (why := _trouble(part, known["leader"], brokers)):
                return why
        return ""


def _trouble(part: TopicPartition, leader: int, brokers: dict[int, Any]) -> str:
    if leader == NO_LEADER:
        return f"partition {part.partition} of topic {part.topic} has no leader"
    broker = brokers.get(leader)
    if broker is None:
        return f"no connection to broker {leader}"
    if broker["state"] not in CONNECTED:
        return f"no connection to broker {leader} at {broker['name'].rpartition('/')[0]}"
    return ""
