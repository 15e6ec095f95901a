"""Fixtures that need a real Kafka; a test that asks for one is marked `kafka`. And what starts daemons."""

from __future__ import annotations

import contextlib
import os
import subprocess
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from tests.end_to_end.launcher import Launcher
from tests.kafka.broker import Broker
from tests.kafka.cluster import Cluster
from tests.kafka.secure_broker import SecureBroker
from tests.kafka.wanted import wanted
from tests.registry.registry import Registry, wanted_registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# These machines are shared: how long an example takes says nothing.
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")

NEEDS_KAFKA = {"broker", "topic", "mortal", "new_broker", "own_broker", "registry"}
LONGEST = ("tests/docs", "tests/packaging", "tests/end_to_end", "tests/daemon/doctor", "tests/deploy")
"""Where a file takes minutes: begun first, none of them is left to run alone at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if NEEDS_KAFKA & set(getattr(item, "fixturenames", ())):
            item.add_marker("kafka")
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.fixture(scope="session")
def broker() -> Iterator[Cluster]:
    """A cluster shared by the whole run: the one at KAFKA_BOOTSTRAP, or a broker of our own."""
    if address := os.environ.get("KAFKA_BOOTSTRAP"):
        yield Cluster(address)
    else:
        with wanted(Broker) as started:
            yield started


@pytest.fixture(scope="session")
def mortal(broker: Cluster) -> Iterator[Broker]:
    """A broker to kill and to send to sleep, shared by those who do: each leaves it running, and has own topics."""
    assert broker
    settings = {"auto.create.topics.enable": "true", "group.min.session.timeout.ms": "1000"}
    with wanted(Broker, settings) as own:
        yield own


@pytest.fixture(scope="session")
def guarded(broker: Cluster) -> Iterator[SecureBroker]:
    """A broker that wants TLS and a password, shared like the open one."""
    assert broker
    with wanted(SecureBroker) as own:
        yield own


@pytest.fixture
def new_broker() -> Iterator[Callable[..., Broker]]:
    """What makes brokers of this test alone, not yet started; it takes what `Broker` takes."""
    with contextlib.ExitStack() as made:

        def make(*arguments: Any, **options: Any) -> Broker:
            broker = wanted(Broker, *arguments, **options)
            made.callback(broker.close)
            return broker

        yield make


@pytest.fixture
def own_broker(new_broker: Callable[..., Broker]) -> Broker:
    """A started broker of this test alone, to kill and restart."""
    broker = new_broker()
    broker.start()
    return broker


@pytest.fixture
def topic(broker: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """A new topic with one partition, named after the test."""
    name = broker.create_topic(f"{request.node.originalname[:100]}-{uuid.uuid4().hex[:8]}")
    yield name
    broker.delete_topic(name)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB, where this process may mount one."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small file system")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.fixture(scope="session")
def registry() -> Iterator[Registry]:
    """A schema registry shared by the whole run."""
    with wanted_registry() as started:
        yield started


@pytest.fixture(scope="session")
def launcher() -> Iterator[Launcher]:
    """What starts daemons, each in a process of its own."""
    with Launcher() as launcher:
        yield launcher
