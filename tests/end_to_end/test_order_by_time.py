"""Several partitions by time: killed or not, read in small steps or large ones, the learned bits are the same."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from daemon.state.checkpoints import CheckpointStore
from tests.end_to_end.kill_and_resume import differences
from tests.end_to_end.plant import plant
from tests.end_to_end.small_plant import SmallPlant

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.launcher import Launcher
    from tests.kafka.cluster import Cluster

EVENTS = 900
PARTITIONS = 3


def test_the_bits_are_the_same_however_the_records_arrive(
    broker: Cluster, topic: str, launcher: Launcher, tmp_path: Path
) -> None:
    wide, events = broker.create_topic(f"{topic}-wide", partitions=PARTITIONS), list(plant(EVENTS))
    now = int(time.time() * 1000)
    for number in range(PARTITIONS):
        times = range(now + number, now + EVENTS, PARTITIONS)
        broker.produce(wide, events[number::PARTITIONS], partition=number, timestamps=times)
    order = {"order": "timestamp", "idle_seconds": "3600"}
    about = {"bootstrap": broker.bootstrap, "topic": wide, "every": 100}
    calm = SmallPlant(launcher, tmp_path / "calm", **about, **order)
    # A record of each partition's end: behind the first of them nothing is known without waiting.
    last = EVENTS - PARTITIONS + 1
    with calm.live() as daemon:
        daemon.until_events(last)
        assert daemon.metric("order_timeouts_total") == 0
        assert daemon.stop() == 0
    killed = SmallPlant(launcher, tmp_path / "killed", **about, max_poll_records="7", **order)
    for moment in (50, 400):
        with killed.live() as daemon:
            daemon.until_events(moment)
            daemon.kill()
    killed.live_to(last)
    expected = [(number % PARTITIONS, number // PARTITIONS) for number in range(last)]
    assert calm.learned() == killed.learned() == expected
    assert differences(*(newest(each) for each in (calm, killed))) == []
    broker.delete_topic(wide)


def newest(of: SmallPlant) -> dict[str, object]:
    recovered = CheckpointStore(of.state, keep=20).load_newest()
    assert recovered is not None
    pipeline: dict[str, object] = recovered.saved.state["pipeline"]
    return pipeline
