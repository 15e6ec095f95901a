from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from kafka.errors import MessageSizeTooLargeError

from tests.kafka.bulk import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kafka.broker import Broker
    from tests.kafka.cluster import Cluster


def test_what_is_produced_is_read_back_in_order(broker: Cluster, topic: str) -> None:
    values = [b"%d" % number for number in range(5000)]
    broker.produce(topic, values)
    read = broker.read_all(topic)
    assert [record.value for record in read] == values
    assert [record.offset for record in read] == list(range(5000))


def test_keys_headers_timestamps_and_tombstones_arrive_as_sent(broker: Cluster, topic: str) -> None:
    broker.produce(topic, [b"a", None], keys=[b"k", b"l"], headers=[[("h", b"1")], []], timestamps=[1000, 2000])
    first, second = broker.read_all(topic)
    assert (first.key, first.value, list(first.headers), first.timestamp) == (b"k", b"a", [("h", b"1")], 1000)
    assert (second.key, second.value, list(second.headers), second.timestamp) == (b"l", None, [], 2000)


def test_a_record_goes_to_the_partition_asked_for(broker: Cluster, topic: str) -> None:
    name = broker.create_topic(f"{topic}-wide", partitions=3)
    broker.produce(name, [b"x", b"y"], partition=2)
    assert [(record.partition, record.value) for record in broker.read_all(name)] == [(2, b"x"), (2, b"y")]
    broker.delete_topic(name)


def test_a_refused_record_is_an_error(broker: Cluster, topic: str) -> None:
    name = broker.create_topic(f"{topic}-small", config={"max.message.bytes": "1000"})
    with pytest.raises(MessageSizeTooLargeError):
        broker.produce(name, [b"x" * 2000])
    broker.delete_topic(name)


def test_a_bulk_load_arrives_whole_and_in_order(broker: Cluster, topic: str) -> None:
    values = [b"%d" % number * 20 for number in range(20_000)]
    load(broker.bootstrap, topic, values, headers=([("n", value[:5])] for value in values))
    read = broker.read_all(topic)
    assert [record.value for record in read] == values
    assert [list(record.headers) for record in read] == [[("n", value[:5])] for value in values]


def test_a_refused_bulk_load_is_an_error(broker: Cluster, topic: str) -> None:
    name = broker.create_topic(f"{topic}-small", config={"max.message.bytes": "1000"})
    with pytest.raises(MessageSizeTooLargeError):
        load(broker.bootstrap, name, [b"x" * 2000])
    broker.delete_topic(name)


def test_data_outlives_a_kill_and_a_restart(own_broker: Broker) -> None:
    own_broker.create_topic("kept")
    own_broker.produce("kept", [b"before"])
    own_broker.kill()
    own_broker.start()
    own_broker.produce("kept", [b"between"])
    own_broker.restart()
    assert [record.value for record in own_broker.read_all("kept")] == [b"before", b"between"]


def test_a_broker_that_cannot_start_says_why(new_broker: Callable[..., Broker]) -> None:
    with pytest.raises(RuntimeError, match=r"log\.retention\.hours"):
        new_broker({"log.retention.hours": "soon"}).start()


def test_a_broker_does_not_start_where_something_listens(new_broker: Callable[..., Broker]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(RuntimeError, match="in use"):
        new_broker(port=taken.getsockname()[1]).start()


STARTS_ONE = """
from tests.kafka.broker import Broker
broker = Broker()
broker.start()
print(broker.bootstrap, broker.directory, flush=True)
input()
"""


def test_a_broker_dies_with_a_killed_parent(new_broker: Callable[..., Broker]) -> None:
    new_broker()  # to skip where there is no Kafka
    pipe, command = subprocess.PIPE, [sys.executable, "-c", STARTS_ONE]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as parent:
        assert parent.stdout is not None
        address, directory = parent.stdout.readline().split()
        parent.kill()
    deadline = time.monotonic() + 10
    while _listens(address):
        assert time.monotonic() < deadline, "the broker outlived its parent"
    shutil.rmtree(directory)


def _listens(address: str) -> bool:
    host, port = address.split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0
