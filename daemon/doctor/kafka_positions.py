"""Whether the daemon can go on reading where its checkpoint ends, and how old the newest events are."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import GroupAuthorizationFailedError, KafkaError, TopicAuthorizationFailedError

from connectors.kafka.claims import GroupOffset
from connectors.kafka.positions import (
    ForeignOffsetsError,
    Log,
    Policies,
    Position,
    PositionLostError,
    from_json,
)
from connectors.kafka.shared_group import shared_position
from daemon.doctor.amounts import span
from daemon.doctor.checkpoints import newest_checkpoint
from daemon.doctor.finding import ok, problem, raised, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connectors.kafka.connection import KafkaConnection
    from connectors.kafka.source_options import KafkaSourceOptions
    from connectors.kafka.topics import TopicFacts
    from daemon.config.schema import Config
    from daemon.doctor.finding import Finding
    from daemon.doctor.setup import Setup

_REQUEST_MS = 5000
_READ_SECONDS = 3.0
_AHEAD_SECONDS = 60.0
_LOOKED_AT = 8
_NEARLY_GONE = 0.05


def check_positions(
    connection: KafkaConnection,
    options: KafkaSourceOptions,
    topics: Mapping[str, TopicFacts],
    *,
    config: Config,
    setup: Setup,
) -> Iterator[Finding]:
    """Place every partition as the daemon would, and read the newest event of some; no group is joined."""
    parts = [
        TopicPartition(name, number)
        for name, facts in sorted(topics.items())
        for number in facts.partitions
        if options.partitions is None or number in options.partitions
    ]
    with _consumer(connection, options) as consumer:
        try:
            starts = consumer.beginning_offsets(parts, timeout_ms=_REQUEST_MS)
            ends = consumer.end_offsets(parts, timeout_ms=_REQUEST_MS)
        except KafkaError as error:
            yield problem(f"source: the offsets cannot be asked for: {error}", "look at the broker's log")
            return
        logs = {part: Log(starts[part], ends[part], topics[part.topic].topic_id) for part in parts}
        committed, faults = _committed(consumer, options, parts)
        yield from faults
        yield from _placed(options, logs, committed, config)
        yield from _newest_events(consumer, logs, setup)


@contextmanager
def _consumer(connection: KafkaConnection, options: KafkaSourceOptions) -> Iterator[Any]:
    consumer = KafkaConsumer(**options.consumer_config(), kafka_client=lambda **_: connection.client)
    try:
        yield consumer
    finally:
        consumer.close(autocommit=False, timeout_ms=_REQUEST_MS)


def _committed(
    consumer: Any, options: KafkaSourceOptions, parts: Sequence[TopicPartition]
) -> tuple[dict[TopicPartition, GroupOffset], list[Finding]]:
    if options.group is None:
        return {}, [ok("source: no group is named: positions are in the checkpoint alone")]
    try:
        offsets = {part: consumer.committed(part, metadata=True, timeout_ms=_REQUEST_MS) for part in parts}
    except (GroupAuthorizationFailedError, TopicAuthorizationFailedError) as error:
        why = f"source: group {options.group} may not be used: {error}"
        return {}, [problem(why, f"give this user the ACLs Read and Describe on the group {options.group}")]
    except KafkaError as error:
        return {}, [warning(f"source: group {options.group} cannot be asked now: {error}", "try again")]
    known = {part: GroupOffset.of(offset) for part, offset in offsets.items() if offset is not None}
    return known, [ok(f"source: group {options.group} may be read; it has {len(known)} of {len(parts)} positions")]


def _placed(
    options: KafkaSourceOptions,
    logs: Mapping[TopicPartition, Log],
    committed: Mapping[TopicPartition, GroupOffset],
    config: Config,
) -> Iterator[Finding]:
    """Say where reading goes on, or why it cannot."""
    manifest, ahead = newest_checkpoint(config)
    stored = {} if manifest is None else from_json(manifest.state.get("source"))
    identity = None if manifest is None else manifest.state.get("source", {}).get("identity")
    policies = Policies(options.on_lost_offset, options.on_recreated_topic, options.on_group_offsets)
    waiting, lost = 0, False
    for part, log in logs.items():
        at, group = stored.get(part), committed.get(part)
        shared = options.mode == "subscribe"
        if shared and group and group.model:
            at = shared_position(at, group, identity or "")
        foreign = None if _is_ours(group, identity, shared=shared, ahead=ahead) else group
        try:
            at = policies.place(part, at, foreign, log)
        except (PositionLostError, ForeignOffsetsError) as error:
            lost = True
            yield raised(error, prefix="source: ")
            continue
        waiting += log.end - (_start(options, log) if at is None else at.offset)
        yield from _jumped(part, stored.get(part), at, log)
    if not lost:
        begin = (
            "at the checkpoint" if stored else "at the group's positions" if committed else f"at {options.start}"
        )
        yield ok(f"source: reading goes on {begin}, with {waiting:,} offsets to read")


def _is_ours(group: GroupOffset | None, identity: str | None, *, shared: bool, ahead: bool) -> bool:
    """Whether the group's offset says nothing against the checkpoint, or where there is none, against the start."""
    if group is None or (ahead and not shared):
        return True
    return group.model is not None if shared else group.model == identity is not None


def _start(options: KafkaSourceOptions, log: Log) -> int:
    return log.end if options.start == "latest" else log.start


def _jumped(part: TopicPartition, stored: Position | None, at: Position | None, log: Log) -> Iterator[Finding]:
    if stored is None or at is None:
        return
    name = f"{part.topic}/{part.partition}"
    if not log.start <= stored.offset <= log.end:
        yield warning(
            f"source: {name} was left at {stored.offset}, but the log has {log.start} to {log.end}: a jump",
            "this is what on_lost_offset asks for; a longer retention of the topic avoids it",
        )
    elif log.start and at.offset < log.end and at.offset - log.start < _NEARLY_GONE * (log.end - log.start):
        yield warning(
            f"source: {name} goes on at {at.offset}, and the log begins at {log.start}: the next are soon deleted",
            "start the daemon soon, or lengthen the topic's retention.ms or retention.bytes",
        )


def _newest_events(consumer: Any, logs: Mapping[TopicPartition, Log], setup: Setup) -> Iterator[Finding]:
    """Compare the time of the newest events with this machine's clock."""
    filled = [part for part, log in logs.items() if log.end > log.start][:_LOOKED_AT]
    if not filled:
        yield ok("source: there are no events yet")
        return
    times = _times(consumer, filled, logs)
    if not times:
        return  # only markers of transactions at the end
    age = setup.clock() - max(times)
    if age < -_AHEAD_SECONDS:
        yield warning(
            f"source: the newest event is of {span(-age)} in the future",
            "compare this machine's clock with that of the broker and the producers (chronyc tracking)",
        )
    else:
        yield ok(f"source: the newest event is {span(max(0.0, age))} old")


def _times(consumer: Any, parts: Sequence[TopicPartition], logs: Mapping[TopicPartition, Log]) -> list[float]:
    consumer.assign(list(parts))
    for part in parts:
        consumer.seek(part, logs[part].end - 1)
    found: dict[TopicPartition, float] = {}
    deadline = time.monotonic() + _READ_SECONDS
    while len(found) < len(parts) and time.monotonic() < deadline:
        try:
            polled = consumer.poll(timeout_ms=200)
        except KafkaError:
            break
        found |= {part: records[-1].timestamp / 1000 for part, records in polled.items() if records}
    return list(found.values())
