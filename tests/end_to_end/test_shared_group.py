"""Two daemons share the partitions of a topic: whatever happens to either, each event is learned by one of them."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.plant import plant
from tests.end_to_end.small_plant import SmallPlant
from tests.kafka.bulk import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.end_to_end.daemon_process import DaemonProcess
    from tests.end_to_end.launcher import Launcher
    from tests.kafka.broker import Broker

PARTITIONS = 4
CLIENT = "{session_timeout_ms: 1500, heartbeat_interval_ms: 200, reconnect_backoff_max_ms: 500}"


class Topic:
    """A topic that gets so many events in each partition."""

    def __init__(self, broker: Broker, name: str) -> None:
        self.name = broker.create_topic(name, partitions=PARTITIONS)
        self.events = 0
        self._broker = broker

    def grow(self, each: int = 60) -> None:
        """Write more events into every partition."""
        for partition in range(PARTITIONS):
            load(self._broker.bootstrap, self.name, plant(each), partition=partition)
        self.events += each

    @property
    def all(self) -> list[tuple[int, int]]:
        return [(partition, offset) for partition in range(PARTITIONS) for offset in range(self.events)]


def learned(*members: SmallPlant) -> list[tuple[int, int]]:
    return sorted(event for member in members for event in member.learned())


def reads(daemon: DaemonProcess) -> int:
    return len(daemon.status().get("partitions", []))


@pytest.fixture
def new(mortal: Broker, launcher: Launcher, tmp_path: Path) -> Callable[..., SmallPlant]:
    """What makes members of one group."""

    def make(name: str, topic: Topic) -> SmallPlant:
        return SmallPlant(
            launcher,
            tmp_path / name,
            bootstrap=mortal.bootstrap,
            topic=topic.name,
            every=50,
            mode="subscribe",
            group=topic.name,
            client=CLIENT,
        )

    return make


def test_a_member_that_comes_stops_hangs_and_is_killed_costs_no_event_and_repeats_none(
    mortal: Broker, new: Callable[..., SmallPlant]
) -> None:
    topic = Topic(mortal, "shared-group")
    one, two = new("one", topic), new("two", topic)
    with one.live() as first:
        topic.grow()
        first.until_events(240)
        with two.live() as second:  # it comes, and half of the partitions are handed over
            first.until(lambda: reads(first) == reads(second) == 2)
            topic.grow()
            first.until(lambda: len(learned(one, two)) == len(topic.all))
            second.signal(signal.SIGSTOP)  # it hangs in the midst of what it has not committed
            topic.grow()
            first.until(lambda: reads(first) == PARTITIONS)
            first.until(lambda: set(topic.all) <= set(learned(one, two)))
            second.signal(signal.SIGCONT)
            first.until(lambda: reads(first) == reads(second) == 2)
            topic.grow()
            first.until(lambda: learned(one, two) == topic.all)
            topic.grow()
            second.kill()  # it dies
        first.until(lambda: reads(first) == PARTITIONS)
        with two.live() as second:
            first.until(lambda: reads(first) == reads(second) == 2)
            topic.grow()
            first.until(lambda: set(topic.all) <= set(learned(one, two)))
            assert second.stop() == 0, second.log
            assert first.stop() == 0, first.log
    assert learned(one, two) == topic.all
    assert two.learned()


def test_a_checkpoint_that_the_group_never_took_is_committed_before_a_partition_is_handed_over(
    mortal: Broker, new: Callable[..., SmallPlant]
) -> None:
    topic = Topic(mortal, "never-taken")
    one, two = new("one", topic), new("two", topic)
    with one.live() as first:
        first.until(lambda: reads(first) == PARTITIONS)
        topic.grow()
        first.until_events(240)
        assert first.stop() == 0, first.log
    mortal.forget_offsets(topic.name)  # as where it died between the two
    for marker in one.state.glob("checkpoints/*/committed"):
        marker.unlink()
    with one.live() as first:
        first.until(lambda: reads(first) == PARTITIONS)
        with two.live() as second:
            first.until(lambda: reads(first) == reads(second) == 2)
    assert learned(one, two) == topic.all
