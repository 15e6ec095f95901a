"""A stored position wins, always; what a group says against it is a reason to stop, never to jump."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.structs import OffsetAndMetadata

from connectors.kafka.claims import GroupOffset
from connectors.kafka.client import TidyClient
from connectors.kafka.positions import ForeignOffsetsError
from tests.connectors.kafka.reading import new_source, numbers, offsets, opened, poll_until, read, settle, values

if TYPE_CHECKING:
    from connectors.record import Record
    from tests.kafka.cluster import Cluster


@pytest.fixture
def filled(broker: Cluster, topic: str) -> str:
    """A topic with forty records."""
    broker.produce(topic, numbers(0, 40))
    return topic


def stored(topic: str, offset: int) -> dict[str, Any]:
    return {"partitions": [{"topic": topic, "partition": 0, "offset": offset}]}


def commit(broker: Cluster, topic: str, offset: int, metadata: str = "") -> None:
    """Commit as another consumer does; the group has the topic's name."""
    with KafkaConsumer(
        bootstrap_servers=broker.bootstrap, kafka_client=TidyClient, group_id=topic, enable_auto_commit=False
    ) as consumer:
        consumer.assign([TopicPartition(topic, 0)])
        consumer.commit({TopicPartition(topic, 0): OffsetAndMetadata(offset, metadata, -1)})


def committed(broker: Cluster, topic: str) -> GroupOffset:
    with KafkaConsumer(bootstrap_servers=broker.bootstrap, kafka_client=TidyClient, group_id=topic) as consumer:
        return GroupOffset.of(consumer.committed(TopicPartition(topic, 0), metadata=True))


def learned(broker: Cluster, topic: str, *, up_to: int) -> dict[str, Any]:
    """Return the snapshot of a model that has read so far and committed it."""
    with opened(new_source(broker, topic, group=topic)) as source:
        read(source, up_to, max_records=up_to)
        assert source.commit(source.snapshot())
        return source.snapshot()


def test_it_goes_on_at_the_snapshot_where_the_group_is_behind(broker: Cluster, filled: str) -> None:
    commit(broker, filled, 10)
    with opened(new_source(broker, filled, group=filled), stored(filled, 30)) as source:
        assert values(read(source, 10)) == list(range(30, 40))


def test_offsets_of_another_consumer_beyond_the_snapshot_are_a_reason_to_stop(broker: Cluster, filled: str) -> None:
    commit(broker, filled, 30)
    with (
        opened(new_source(broker, filled, group=filled), stored(filled, 10)) as source,
        pytest.raises(ForeignOffsetsError, match=r"stands at offset 10 .* another consumer has committed 30"),
    ):
        read(source, 1)
    # Neither word lets it leave its position.
    for policy in ("ignore", "take"):
        options = {"group": filled, "on_group_offsets": policy}
        with opened(new_source(broker, filled, **options), stored(filled, 10)) as source:
            assert values(read(source, 30)) == list(range(10, 40))


def test_offsets_of_another_model_beyond_the_snapshot_are_a_reason_to_stop(broker: Cluster, filled: str) -> None:
    ours = learned(broker, filled, up_to=10)
    commit(broker, filled, 30, '{"retaind":1,"claims":[["somebody",30]]}')
    with (
        opened(new_source(broker, filled, group=filled), ours) as source,
        pytest.raises(ForeignOffsetsError, match="another model has committed 30"),
    ):
        read(source, 1)


@pytest.mark.parametrize(
    ("policy", "start", "begins"), [("take", "earliest", 20), ("ignore", "earliest", 0), ("ignore", "latest", 40)]
)
def test_without_a_snapshot_the_offsets_of_a_group_are_a_reason_to_stop_until_somebody_chooses(
    broker: Cluster, filled: str, policy: str, start: str, begins: int
) -> None:
    commit(broker, filled, 20)
    with (
        opened(new_source(broker, filled, group=filled, start=start)) as source,
        pytest.raises(ForeignOffsetsError, match=r"has committed offset 20 .* to take .* or to ignore"),
    ):
        read(source, 1)
    records: list[Record] = []
    options = {"group": filled, "start": start, "on_group_offsets": policy}
    with opened(new_source(broker, filled, **options)) as source:
        settle(source, records)
    assert values(records) == list(range(begins, 40))


def test_what_this_model_committed_beyond_an_older_snapshot_is_learned_again_and_the_group_follows(
    broker: Cluster, filled: str, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(new_source(broker, filled, group=filled)) as source:
        read(source, 10, max_records=10)
        older = source.snapshot()
        read(source, 20, max_records=20)
        source.commit(source.snapshot())
    assert committed(broker, filled).offset == 30
    with opened(new_source(broker, filled, group=filled), older) as source:
        assert values(read(source, 10, max_records=10)) == list(range(10, 20))
        assert "continues at offset 10, not at the group's 30" in caplog.text
        assert source.commit(source.snapshot())
    assert committed(broker, filled).offset == 20
    assert committed(broker, filled).model == older["identity"]


def test_a_group_without_names_is_ignored_after_a_rollback_until_a_commit_has_put_it_back(
    broker: Cluster, filled: str
) -> None:
    commit(broker, filled, 38)
    with opened(new_source(broker, filled, group=filled), stored(filled, 2) | {"group_is_ahead": True}) as source:
        assert values(read(source, 3, max_records=3)) == [2, 3, 4]
        not_committed = source.snapshot()
    with opened(new_source(broker, filled, group=filled), not_committed) as source:
        assert values(read(source, 2, max_records=2)) == [5, 6]
        source.commit(source.snapshot())
        assert committed(broker, filled).offset == 7
        later = source.snapshot()
    assert offsets(later) == [7]
    assert "group_is_ahead" not in later


def test_a_commit_says_whether_it_committed(broker: Cluster, filled: str) -> None:
    with opened(new_source(broker, filled, group=filled)) as source:
        assert not source.commit(stored(filled, 5))  # before anything is known of the group
        read(source, 10, max_records=10)
        assert source.commit(source.snapshot())
    assert not source.commit(stored(filled, 20))
    assert committed(broker, filled).offset == 10


def test_a_position_at_the_end_of_the_log_is_durable_before_the_first_record_after_it_is_read(
    broker: Cluster, filled: str
) -> None:
    with opened(new_source(broker, filled, start="latest")) as source:
        poll_until_waiting(source)
        broker.produce(filled, numbers(40, 45))
        for _ in range(5):
            assert source.poll(100, 0.05) == []
        durable = source.snapshot()
        assert offsets(durable) == [40]
        source.commit(durable)
        assert values(read(source, 5)) == list(range(40, 45))


def poll_until_waiting(source: Any) -> None:
    poll_until(source, lambda: bool(source.status().checkpoint_wanted), commit=False)
