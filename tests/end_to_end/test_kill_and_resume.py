"""The central promise, against a real broker: killed at any instant, it ends with the bits of an untroubled run."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import orjson

from daemon.state.checkpoints import CheckpointStore
from tests.end_to_end.kill_and_resume import Course, differences
from tests.end_to_end.launcher import Command
from tests.end_to_end.plant import configure, plant
from tests.kafka.bulk import load

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.launcher import Launcher
    from tests.kafka.cluster import Cluster

EVENTS = 4_000
KILLS = 5


def test_a_daemon_killed_at_random_moments_ends_with_the_same_bits_as_one_that_never_was(
    broker: Cluster, topic: str, launcher: Launcher, tmp_path: Path
) -> None:
    load(broker.bootstrap, topic, plant(EVENTS))
    moments = random.Random().sample(range(1, EVENTS - 500), KILLS)
    # Started in another way, so that nothing rests on one order of hashes or one layout of memory.
    untroubled = Course(Command(), configure(tmp_path / "untroubled", broker, topic), EVENTS)
    killed = Course(launcher, configure(tmp_path / "killed", broker, topic), EVENTS)
    untroubled.live_to_the_end()
    deaths = killed.live_and_die(moments)
    assert len(deaths) == KILLS
    one, other = untroubled.newest_state(), killed.newest_state()
    assert differences(one, other) == [], deaths
    assert one["pipeline"]["main_learner"]["events"] == EVENTS
    assert one["source"]["partitions"][0]["offset"] == EVENTS
    predictions = [(course.directory / "predictions.jsonl").read_bytes() for course in (untroubled, killed)]
    assert predictions[0] == predictions[1]
    assert predictions[0].count(b"\n") == EVENTS


def test_of_several_partitions_too_every_event_is_learned_once_however_often_it_is_killed(
    broker: Cluster, topic: str, launcher: Launcher, tmp_path: Path
) -> None:
    wide, events = broker.create_topic(f"{topic}-wide", partitions=3), list(plant(1_500))
    for partition in range(3):
        load(broker.bootstrap, wide, events[partition::3], partition=partition)
    course = Course(launcher, configure(tmp_path / "killed", broker, wide), 1_500)
    course.live_and_die(random.Random().sample(range(1, 1_200), 3))
    state = course.newest_state()
    assert [row["offset"] for row in state["source"]["partitions"]] == [500, 500, 500]
    assert state["pipeline"]["main_learner"]["events"] == 1_500
    lines = map(orjson.loads, (course.directory / "predictions.jsonl").read_bytes().splitlines())
    learned = sorted((line["partition"], line["offset"]) for line in lines)
    assert learned == [(partition, offset) for partition in range(3) for offset in range(500)]
    broker.delete_topic(wide)


def test_after_a_rollback_it_learns_again_what_the_group_has_long_passed(
    broker: Cluster, topic: str, launcher: Launcher, tmp_path: Path
) -> None:
    load(broker.bootstrap, topic, plant(900))
    course = Course(launcher, configure(tmp_path / "daemon", broker, topic), 900)
    course.live_to_the_end()
    before = course.newest_state()
    store = CheckpointStore(course.directory / "state", keep=3)
    assert store.rollback(store.generations()[0])
    recovered = store.load_newest()
    assert recovered is not None
    assert recovered.saved.summary["events"] < 900
    course.live_to_the_end()
    assert differences(before["pipeline"], course.newest_state()["pipeline"]) == []
