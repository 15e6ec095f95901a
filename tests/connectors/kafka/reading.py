"""Drives a Kafka source as the daemon's loop does, until something is so or a deadline has passed."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from connectors.kafka.source import KafkaSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from connectors.record import Record
    from tests.kafka.cluster import Cluster

DEADLINE_SECONDS = 30.0
FAST = {"reconnect_backoff_max_ms": 500}


class Chosen:
    """The library that the sources and sinks of a test use, unless it says so itself."""

    library = "kafka-python"


def of_library(**client: Any) -> dict[str, Any]:
    """Return options that choose it, with the client's own, under kafka-python's names."""
    if Chosen.library == "kafka-python":
        return {"client": client}
    return {"client": "librdkafka", "librdkafka": {name.replace("_", "."): value for name, value in client.items()}}


def new_source(cluster: Cluster, topic: str | None = None, *, times: float = 1, **options: Any) -> KafkaSource:
    """A source whose time passes so many times as fast."""
    topics = {} if topic is None else {"topics": (topic,)}
    settings = {"bootstrap_servers": cluster.bootstrap} | of_library(**FAST) | topics | options
    return KafkaSource(KafkaSource.Options(**settings), monotonic=lambda: time.monotonic() * times)


@contextmanager
def opened(source: KafkaSource, snapshot: Mapping[str, Any] | None = None) -> Iterator[KafkaSource]:
    source.open(snapshot)
    try:
        yield source
    finally:
        source.close()


def read(source: KafkaSource, count: int, *, max_records: int = 500) -> list[Record]:
    """Exactly `count` records; more would be returned too, so that a test sees them."""
    records: list[Record] = []
    poll_until(source, lambda: len(records) >= count, records, max_records=max_records)
    return records


def poll_until(
    source: KafkaSource,
    done: Callable[[], bool],
    into: list[Record] | None = None,
    *,
    max_records: int = 500,
    commit: bool = True,
) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not done():
        records = source.poll(max_records, 0.05)
        if commit and source.status().checkpoint_wanted:
            source.commit(source.snapshot())
        if into is not None:
            into += records
        assert time.monotonic() < deadline, source.status()


def settle(source: KafkaSource, into: list[Record] | None = None) -> None:
    """Read until the source is ready and stands at the end of every partition."""
    poll_until(source, lambda: at_end(source), into)


def at_end(source: KafkaSource) -> bool:
    status = source.status()
    return status.ready and all(part.position == part.end_offset for part in status.partitions)


def offsets(snapshot: Mapping[str, Any]) -> list[int]:
    return [row["offset"] for row in snapshot["partitions"]]


def values(records: list[Record]) -> list[int]:
    return [int(record.value or b"-1") for record in records]


def numbers(first: int, last: int) -> list[bytes]:
    return [b"%d" % number for number in range(first, last)]
