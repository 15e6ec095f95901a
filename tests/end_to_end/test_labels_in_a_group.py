"""A group shares events, and their labels come on another topic: whoever has the row learns it, once."""

from __future__ import annotations

import signal
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from daemon.intake.packed_texts import unpacked
from daemon.state.checkpoints import CheckpointStore
from tests.end_to_end.plant import plant
from tests.end_to_end.small_plant import SmallPlant
from tests.end_to_end.test_shared_group import CLIENT, learned
from tests.kafka.bulk import load

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.daemon_process import DaemonProcess
    from tests.end_to_end.launcher import Launcher
    from tests.kafka.broker import Broker

PARTITIONS = 4
LABEL_PARTITIONS = 3


class Plant:
    """Events that are written now, whose labels are held back until somebody has them told."""

    def __init__(self, broker: Broker) -> None:
        self._bootstrap = broker.bootstrap
        self.topic = broker.create_topic("told-later", partitions=PARTITIONS)
        self.labels = broker.create_topic("told-later-labels", partitions=LABEL_PARTITIONS)
        self.events: list[tuple[int, int]] = []
        self._untold: list[bytes] = []

    def grow(self, each: int = 40) -> None:
        """Write more events into every partition."""
        first = len(self.events) // PARTITIONS
        for partition in range(PARTITIONS):
            fields = [orjson.loads(value) for value in plant(each)]
            known = [name_of(partition, first + number) for number in range(each)]
            self._untold += [
                orjson.dumps({"id": id_, "fault": f["fault"]}) for id_, f in zip(known, fields, strict=True)
            ]
            events = [orjson.dumps({**f, "fault": None, "id": id_}) for id_, f in zip(known, fields, strict=True)]
            load(self._bootstrap, self.topic, events, partition=partition)
            self.events += [(partition, first + number) for number in range(each)]

    def tell(self, share: int = 1) -> None:
        """Write the labels that are held back, or one of so many, wherever: not by the events' partitions."""
        told, self._untold = self._untold[::share], [each for n, each in enumerate(self._untold) if n % share]
        for partition in range(LABEL_PARTITIONS):
            load(self._bootstrap, self.labels, told[partition::LABEL_PARTITIONS], partition=partition)


def name_of(partition: int, offset: int) -> str:
    return f"{partition}-{offset}"


def reads(daemon: DaemonProcess, topic: str) -> int:
    return sum(part["topic"] == topic for part in daemon.status().get("partitions", []))


def share(plant: Plant, first: DaemonProcess, second: DaemonProcess) -> None:
    first.until(lambda: reads(first, plant.topic) == reads(second, plant.topic) == PARTITIONS // 2)
    first.until(lambda: reads(first, plant.labels) == reads(second, plant.labels) == LABEL_PARTITIONS)


def waiting(daemon: DaemonProcess) -> float:
    return daemon.metric("waiting_rows")


def learned_names(of: SmallPlant) -> list[str]:
    """Which events were learned: their labels are settled, and none was given up."""
    recovered = CheckpointStore(of.state, keep=20).load_newest()
    assert recovered is not None
    later: dict[str, Any] = recovered.saved.state["pipeline"]["intake"]["later_labels"]
    assert later["outcomes"]["learned"] == len(later["finder"]["settled"]["labels"])
    return [(name or b"").decode() for name in unpacked(later["finder"]["settled"]["identities"])]


def test_rows_that_wait_stay_with_their_member_whoever_comes_hangs_or_is_killed(
    mortal: Broker, launcher: Launcher, tmp_path: Path
) -> None:
    told = Plant(mortal)
    new = partial(
        SmallPlant,
        launcher,
        bootstrap=mortal.bootstrap,
        topic=told.topic,
        every=50,
        label=f"{{from: topic, topic: {told.labels}, id: id, max_classes: 4}}",
        mode="subscribe",
        group=told.topic,
        client=CLIENT,
    )
    one, two = new(tmp_path / "one"), new(tmp_path / "two")
    with one.live() as first:
        told.grow()
        first.until(lambda: waiting(first) == len(told.events))
        with two.live() as second:  # it comes while the rows of all partitions wait with the first
            share(told, first, second)
            told.grow()
            first.until(lambda: learned(one, two) == sorted(told.events))
            first.until(lambda: waiting(second) > 0)
            told.tell(share=2)
            first.until(lambda: waiting(first) + waiting(second) == len(told.events) / 2)
            second.signal(signal.SIGSTOP)  # it hangs, and is removed from the group
            told.grow()
            first.until(lambda: reads(first, told.topic) == PARTITIONS)
            first.until(lambda: set(told.events) <= set(learned(one, two)))
            second.signal(signal.SIGCONT)
            share(told, first, second)
            told.grow()
            first.until(lambda: learned(one, two) == sorted(told.events))
            told.tell(share=2)
            second.kill()  # it dies with rows waiting
        first.until(lambda: reads(first, told.topic) == PARTITIONS)
        told.grow()
        with two.live() as second:
            share(told, first, second)
            told.tell()
            first.until(lambda: set(told.events) <= set(learned(one, two)))
            first.until(lambda: waiting(first) == waiting(second) == 0)
            assert second.stop() == 0, second.log
            assert first.stop() == 0, first.log
    assert learned(one, two) == sorted(told.events)
    assert sorted(learned_names(one) + learned_names(two)) == sorted(name_of(*event) for event in told.events)
    assert learned_names(two)
