"""The central promise, against a real broker: killed at any instant, it ends with the bits of an untroubled run."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import orjson

from daemon.checkpoints import CheckpointStore
from tests.end_to_end.kill_and_resume import differences, live_and_die, live_to_the_end, newest_state
from tests.end_to_end.launcher import Command
from tests.end_to_end.plant import configure, plant
from tests.kafka.bulk import load

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.launcher import Launcher
    from tests.kafka.cluster import Cluster

EVENTS = 6_000
KILLS = 6


def test_a_daemon_killed_at_random_moments_ends_with_the_same_bits_as_one_that_never_was(
    broker: Cluster, topic: str, launcher: Launcher, tmp_path: Path
) -> None:
    load(broker.bootstrap, topic, plant(EVENTS))
    moments = random.Random().sample(range(1, EVENTS - 500), KILLS)
    untroubled, killed = (configure(tmp_path / name, broker, topic) for name in ("untroubled", "killed"))
    # Started in another way, so that nothing rests on one order of hashes or one layout of memory.
    live_to_the_end(Command(), untroubled, directory=untroubled.parent, events=EVENTS)
    deaths = live_and_die(launcher, killed, directory=killed.parent, events=EVENTS, moments=moments)
    assert len(deaths) == KILLS
    one, other = newest_state(untroubled.parent), newest_state(killed.parent)
    assert differences(one, other) == [], deaths
    assert one["pipeline"]["student"]["events"] == EVENTS
    assert one["source"]["partitions"][0]["offset"] == EVENTS
    predictions = [config.with_name("predictions.jsonl").read_bytes() for config in (untroubled, killed)]
    assert predictions[0] == predictions[1]
    assert predictions[0].count(b"\n") == EVENTS


def test_of_several_partitions_too_every_event_is_learned_once_however_often_it_is_killed(
    broker: Cluster, topic: str, launcher: Launcher, tmp_path: Path
) -> None:
    wide, events = broker.create_topic(f"{topic}-wide", partitions=3), list(plant(2_400))
    for partition in range(3):
        load(broker.bootstrap, wide, events[partition::3], partition=partition)
    config = configure(tmp_path / "killed", broker, wide)
    moments = random.Random().sample(range(1, 2_000), 3)
    live_and_die(launcher, config, directory=config.parent, events=2_400, moments=moments)
    state = newest_state(config.parent)
    assert [row["offset"] for row in state["source"]["partitions"]] == [800, 800, 800]
    assert state["pipeline"]["student"]["events"] == 2_400
    lines = map(orjson.loads, config.with_name("predictions.jsonl").read_bytes().splitlines())
    learned = sorted((line["partition"], line["offset"]) for line in lines)
    assert learned == [(partition, offset) for partition in range(3) for offset in range(800)]
    broker.delete_topic(wide)


def test_after_a_rollback_it_learns_again_what_the_group_has_long_passed(
    broker: Cluster, topic: str, launcher: Launcher, tmp_path: Path
) -> None:
    load(broker.bootstrap, topic, plant(1_500))
    config = configure(tmp_path / "daemon", broker, topic)
    live_to_the_end(launcher, config, directory=config.parent, events=1_500)
    before = newest_state(config.parent)
    store = CheckpointStore(config.parent / "state", keep=3)
    assert store.rollback(store.generations()[0])
    recovered = store.load_newest()
    assert recovered is not None
    assert recovered.saved.summary["events"] < 1_500
    live_to_the_end(launcher, config, directory=config.parent, events=1_500)
    assert differences(before["pipeline"], newest_state(config.parent)["pipeline"]) == []
