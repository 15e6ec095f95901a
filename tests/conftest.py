"""Fixtures that need a real Kafka; a test that asks for one is marked `kafka`."""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING

import pytest

from tests.kafka.broker import Broker
from tests.kafka.cluster import Cluster
from tests.kafka.jars import KafkaUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

NEEDS_KAFKA = {"broker", "topic", "own_broker"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if NEEDS_KAFKA & set(getattr(item, "fixturenames", ())):
            item.add_marker("kafka")


@pytest.fixture(scope="session")
def broker() -> Iterator[Cluster]:
    """A cluster shared by the whole run: the one at KAFKA_BOOTSTRAP, or a broker of our own."""
    if address := os.environ.get("KAFKA_BOOTSTRAP"):
        yield Cluster(address)
    else:
        with _new_broker() as started:
            yield started


@pytest.fixture
def own_broker() -> Iterator[Broker]:
    """A broker of this test alone, to kill and restart."""
    with _new_broker() as started:
        yield started


@pytest.fixture
def topic(broker: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """A new topic with one partition, named after the test."""
    name = broker.create_topic(f"{request.node.originalname[:100]}-{uuid.uuid4().hex[:8]}")
    yield name
    broker.delete_topic(name)


def _new_broker() -> Broker:
    try:
        return Broker()
    except KafkaUnavailableError as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing))
        pytest.skip(str(missing))
