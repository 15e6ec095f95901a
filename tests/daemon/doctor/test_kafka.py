"""A real Kafka, one that is not there, and one that does not answer."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.structs import OffsetAndMetadata

from connectors.kafka.client import TidyClient
from connectors.kafka.positions import Position, to_json
from daemon.doctor.kafka import check_kafka
from daemon.doctor.setup import Setup
from daemon.state.checkpoints import CheckpointStore
from tests.daemon.doctor.found import levels, only, worst
from tests.kafka.broker import free_port
from tests.kafka.secure_broker import PASSWORD, USER, SecureBroker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from daemon.config.schema import Config
    from tests.kafka.cluster import Cluster

HERE = Setup()


@pytest.fixture
def reading(broker: Cluster, topic: str, configure: Any) -> Callable[..., Config]:
    """Configure a source at the real broker."""

    def make(more: str = "", *, name: str = topic, **sections: str) -> Config:
        source = f'{{type: kafka, bootstrap_servers: "{broker.bootstrap}", topics: [{name}]{more}}}'
        config: Config = configure(source=source, **sections)
        return config

    return make


def stored(tmp_path: Path, topic: str, offset: int) -> None:
    """Leave a checkpoint that stands at this offset."""
    positions = to_json({TopicPartition(topic, 0): Position(offset)})
    CheckpointStore(tmp_path / "state", keep=3).write({"source": positions}, {})


def admin(broker: Cluster) -> Any:
    return KafkaAdminClient(bootstrap_servers=broker.bootstrap, kafka_client=TidyClient)


def test_without_kafka_in_the_configuration_there_is_nothing_to_say(configure: Any) -> None:
    assert list(check_kafka(configure(), HERE)) == []


def test_a_cluster_that_is_not_there_is_a_problem_at_once(configure: Any) -> None:
    begun = time.monotonic()
    nowhere = f"127.0.0.1:{free_port()}"
    config = configure(source=f'{{type: kafka, bootstrap_servers: "{nowhere}", topics: [a]}}')
    found = only(check_kafka(config, HERE))
    assert (found.level, f"nothing listens at {nowhere}" in found.found) == ("problem", True)
    assert time.monotonic() - begun < HERE.timeout_seconds


def test_one_that_never_answers_is_waited_for_only_so_long(configure: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        servers = f"127.0.0.1:{mute.getsockname()[1]}"
        config = configure(source=f'{{type: kafka, bootstrap_servers: "{servers}", topics: [a]}}')
        found = only(check_kafka(config, Setup(timeout_seconds=1.0)))
    assert (found.level, "has not answered within 1 s" in found.found) == ("problem", True)
    assert "security_protocol" in found.remedy


def test_all_is_well_with_a_topic_that_has_events(
    reading: Any, broker: Cluster, topic: str, tmp_path: Path
) -> None:
    now = time.time()
    broker.produce(topic, [b"{}"] * 10, timestamps=[int(now * 1000)] * 10)
    stored(tmp_path, topic, 4)
    found = list(check_kafka(reading(", group: plant"), Setup(clock=lambda: now + 5)))
    assert set(levels(found)) == {"ok"}
    said = " | ".join(finding.found for finding in found)
    assert f"topic {topic} exists, with 1 partition |" in said
    assert "reading goes on at the checkpoint, with 6 offsets to read" in said
    assert "the newest event is 5 s old" in said


def test_a_group_that_somebody_else_has_committed_to_is_a_problem(
    reading: Any, broker: Cluster, topic: str, tmp_path: Path
) -> None:
    broker.produce(topic, [b"{}"] * 10)
    stored(tmp_path, topic, 4)
    with KafkaConsumer(bootstrap_servers=broker.bootstrap, kafka_client=TidyClient, group_id=topic) as other:
        other.commit({TopicPartition(topic, 0): OffsetAndMetadata(7, "", -1)})
    found = worst(check_kafka(reading(f", group: {topic}"), HERE))
    assert found.level == "problem"
    assert f"stands at offset 4 of {topic}/0, and another consumer has committed 7" in found.found
    assert found.remedy.startswith(
        "set source.on_group_offsets to ignore, or run `retaind positions commit`, to go on at 4"
    )


def test_no_group_is_joined_and_nothing_is_committed(reading: Any, broker: Cluster, topic: str) -> None:
    broker.produce(topic, [b"{}"])
    group = f"group-of-{topic}"
    list(check_kafka(reading(f", mode: subscribe, group: {group}"), HERE))
    with admin(broker) as asked:
        assert group not in str(asked.list_groups())


def test_a_topic_that_is_missing_is_a_problem_and_is_not_made(reading: Any, broker: Cluster, topic: str) -> None:
    absent = f"{topic}-absent"
    found = worst(check_kafka(reading(name=absent), HERE))
    assert (found.level, f"topic {absent} does not exist" in found.found) == ("problem", True)
    with admin(broker) as asked:
        assert absent not in asked.list_topics()


def test_dead_letters_need_their_topic(reading: Any, broker: Cluster, topic: str) -> None:
    dead = f'{{type: kafka, bootstrap_servers: "{broker.bootstrap}", topic: {topic}-dead}}'
    found = worst(check_kafka(reading(dead_letters=dead), HERE))
    assert (found.level, found.found.startswith("dead_letters: topic")) == ("problem", True)


def test_a_partition_that_is_missing_is_a_problem(reading: Any) -> None:
    assert "no partition 7" in worst(check_kafka(reading(", partitions: [0, 7]"), HERE)).found


@pytest.mark.parametrize(("policy", "level"), [("fail", "problem"), ("earliest", "warning")])
def test_an_offset_that_retention_has_deleted_is_found(
    policy: str, level: str, *, reading: Any, broker: Cluster, topic: str, tmp_path: Path
) -> None:
    broker.produce(topic, [b"{}"] * 10)
    stored(tmp_path, topic, 4)
    with admin(broker) as asked:
        asked.delete_records({TopicPartition(topic, 0): 8})
    found = worst(check_kafka(reading(f", on_lost_offset: {policy}"), HERE))
    assert (found.level, "4" in found.found, "on_lost_offset" in found.remedy) == (level, True, True)


@pytest.mark.parametrize(("offset", "level"), [(52, "warning"), (80, "ok")])
def test_an_offset_that_retention_is_about_to_delete_is_a_warning(
    offset: int, level: str, *, reading: Any, broker: Cluster, topic: str, tmp_path: Path
) -> None:
    broker.produce(topic, [b"{}"] * 150)
    stored(tmp_path, topic, offset)
    with admin(broker) as asked:
        asked.delete_records({TopicPartition(topic, 0): 50})
    found = worst(check_kafka(reading(), HERE))
    assert (found.level, "the log begins at 50" in found.found) == (level, level == "warning")


def test_events_of_the_future_are_a_warning(reading: Any, broker: Cluster, topic: str) -> None:
    now_ms = int(time.time() * 1000)
    broker.produce(topic, [b"{}"], timestamps=[now_ms])
    found = worst(check_kafka(reading(), Setup(clock=lambda: now_ms / 1000 - 7200)))
    assert (found.level, "2 h in the future" in found.found) == ("warning", True)


@pytest.fixture(scope="module")
def guarded(guarded: SecureBroker) -> SecureBroker:
    guarded.create_topic("plant")
    return guarded


def let_in(guarded: SecureBroker, configure: Any, **changes: Any) -> Config:
    client = {name: value for name, value in guarded.client(**changes).items() if value is not None}
    source = f'{{type: kafka, bootstrap_servers: "{guarded.secure}", topics: [plant], client: {client}}}'
    config: Config = configure(source=source)
    return config


def test_it_is_let_in_over_tls_with_a_password(guarded: SecureBroker, configure: Any) -> None:
    assert set(levels(check_kafka(let_in(guarded, configure), HERE))) == {"ok"}


def test_options_of_librdkafka_let_it_in_as_well(guarded: SecureBroker, configure: Any) -> None:
    theirs = {
        "security.protocol": "sasl_ssl",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": USER,
        "sasl.password.file": str(guarded.password_file),
        "ssl.ca.location": str(guarded.authority),
    }
    kafka = f'type: kafka, bootstrap_servers: "{guarded.secure}", topics: [plant], client: librdkafka'
    assert set(levels(check_kafka(configure(source=f"{{{kafka}, librdkafka: {theirs}}}"), HERE))) == {"ok"}
    theirs["sasl.oauthbearer.method"] = "oidc"
    found = only(check_kafka(configure(source=f"{{{kafka}, librdkafka: {theirs}}}"), HERE))
    assert "librdkafka.sasl.oauthbearer.method: this speaks to Kafka with kafka-python" in found.found


def test_a_wrong_password_is_said_and_not_shown(guarded: SecureBroker, configure: Any, tmp_path: Path) -> None:
    wrong = tmp_path / "password"
    wrong.write_text("let me in")
    patient = Setup(timeout_seconds=40.0)
    found = only(check_kafka(let_in(guarded, configure, sasl_plain_password_file=str(wrong)), patient))
    assert "rejected the user name or password" in found.found
    assert "sasl_plain_password_file" in found.remedy
    assert "let me in" not in str(found)
    assert PASSWORD not in str(found)


def test_a_broker_that_nobody_vouches_for_is_a_problem(guarded: SecureBroker, configure: Any) -> None:
    found = only(check_kafka(let_in(guarded, configure, ssl_cafile=None), HERE))
    assert (found.level, "no TLS" in found.found, "ssl_cafile" in found.remedy) == ("problem", True, True)


def test_a_missing_secret_is_a_problem(guarded: SecureBroker, configure: Any, tmp_path: Path) -> None:
    config = let_in(guarded, configure, sasl_plain_password_file=str(tmp_path / "nowhere"))
    assert only(check_kafka(config, HERE)).level == "problem"
