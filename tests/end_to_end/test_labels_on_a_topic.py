"""Labels on a topic of their own: killed with thousands of rows waiting or not, the learned bits are the same."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from daemon.state.checkpoints import CheckpointStore
from tests.end_to_end.kill_and_resume import differences
from tests.end_to_end.plant import plant
from tests.end_to_end.small_plant import SmallPlant

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.daemon_process import DaemonProcess
    from tests.end_to_end.launcher import Launcher
    from tests.kafka.cluster import Cluster

EVENTS = 3_000
DELAY = 2_200
"""Events between an event and its label."""
TOLD = EVENTS - DELAY - 1
"""Labels that are read: behind the last event nothing is known without waiting."""


def test_two_topics_are_learned_once_whatever_happens(
    broker: Cluster, topic: str, launcher: Launcher, tmp_path: Path
) -> None:
    labels = broker.create_topic(f"{topic}-labels", partitions=1)
    events, said = apart(plant(EVENTS))
    start = int(time.time() * 1000)
    broker.produce(topic, events, timestamps=range(start, start + EVENTS))
    broker.produce(labels, said, timestamps=range(start + DELAY, start + DELAY + EVENTS))
    label = f"{{from: topic, topic: {labels}, id: id, max_classes: 4}}"
    about: dict[str, Any] = {"bootstrap": broker.bootstrap, "topic": topic, "every": 300, "label": label}
    order = {"order": "timestamp", "idle_seconds": "3600"}
    calm = SmallPlant(launcher, tmp_path / "calm", **about, **order)
    calm.live_to(EVENTS)
    killed = SmallPlant(launcher, tmp_path / "killed", **about, max_poll_records="70", **order)
    for moment in (1_500, 2_700):
        with killed.live() as daemon:
            daemon.until_events(moment)
            daemon.until(partial(waits, daemon, rows=800))
            daemon.kill()
    with killed.live() as daemon:
        daemon.until_events(EVENTS)
        daemon.until(lambda: daemon.metric("labels_total", outcome="learned") == TOLD)
        assert daemon.metric("waiting_rows") == EVENTS - TOLD
        assert daemon.metric("label_delay_seconds_count") == TOLD
        assert daemon.stop() == 0
    assert calm.learned() == killed.learned()
    assert differences(*(newest(each) for each in (calm, killed))) == []
    outcomes = newest(killed)["intake"]["later_labels"]["outcomes"]
    assert {name: count for name, count in outcomes.items() if count} == {"learned": TOLD}
    broker.delete_topic(labels)


def waits(daemon: DaemonProcess, *, rows: int) -> bool:
    return daemon.metric("waiting_rows") >= rows


def apart(stream: Any) -> tuple[list[bytes], list[bytes]]:
    """Events without their label, and the labels, known by a number."""
    events, labels = [], []
    for number, value in enumerate(stream):
        fields = orjson.loads(value)
        labels.append(orjson.dumps({"id": number, "fault": fields.pop("fault")}))
        events.append(orjson.dumps({**fields, "id": number}))
    return events, labels


def newest(of: SmallPlant) -> dict[str, Any]:
    recovered = CheckpointStore(of.state, keep=20).load_newest()
    assert recovered is not None
    pipeline: dict[str, Any] = recovered.saved.state["pipeline"]
    return pipeline
