"""A partition goes to another member and comes back: nothing from before that is labelled by what comes after."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from daemon.state.checkpoints import CheckpointStore
from tests.end_to_end.small_plant import SmallPlant
from tests.end_to_end.test_labels_in_a_group import reads
from tests.end_to_end.test_shared_group import CLIENT
from tests.kafka.bulk import load

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.launcher import Launcher
    from tests.kafka.broker import Broker

PARTITIONS = 4
AHEAD = 5
EACH = 40


def wave(broker: Broker, topic: str, number: int) -> None:
    """Write events into every partition, whose first ones are told apart: they label what came before the wave."""
    for partition in range(PARTITIONS):
        names = [f"{partition}-{'first' if event < AHEAD else 'rest'}-{number}" for event in range(EACH)]
        events = [
            {"machine": partition, "x": number + event / EACH, "day": "d", "next": n}
            for event, n in enumerate(names)
        ]
        load(broker.bootstrap, topic, map(orjson.dumps, events), partition=partition)


def labels(of: SmallPlant) -> tuple[set[str], dict[str, int]]:
    """Return the labels that were learned, and what has come of all events."""
    recovered = CheckpointStore(of.state, keep=20).load_newest()
    assert recovered is not None
    intake: dict[str, Any] = recovered.saved.state["pipeline"]["intake"]
    return set(intake["labels"]["names"]), intake["later_labels"]["outcomes"]


def test_what_came_before_a_gap_expires_and_is_not_labelled_by_what_comes_after(
    mortal: Broker, launcher: Launcher, tmp_path: Path
) -> None:
    topic = mortal.create_topic("gap", partitions=PARTITIONS)
    new = partial(
        SmallPlant,
        launcher,
        bootstrap=mortal.bootstrap,
        topic=topic,
        every=50,
        label=f"{{from: stream, field: next, ahead: {AHEAD}, as: value, type: class, max_classes: 64}}",
        decoder="{type: json, key: machine, task: day, first_events: 10}",
        mode="subscribe",
        group=topic,
        client=CLIENT,
    )
    one, two = new(tmp_path / "one"), new(tmp_path / "two")
    with one.live() as first:
        wave(mortal, topic, 0)
        first.until_events(PARTITIONS * EACH)
        with two.live() as second:
            first.until(lambda: reads(first, topic) == reads(second, topic) == PARTITIONS // 2)
            away = {part["partition"] for part in second.status()["partitions"]}
            wave(mortal, topic, 1)
            first.until_events((PARTITIONS + PARTITIONS // 2) * EACH)
            second.until_events(PARTITIONS // 2 * EACH)
            assert second.stop() == 0, second.log
        first.until(lambda: reads(first, topic) == PARTITIONS)
        wave(mortal, topic, 2)
        first.until_events((2 * PARTITIONS + PARTITIONS // 2) * EACH)
        assert first.stop() == 0, first.log
    learned, outcomes = labels(one)
    assert not {f"{partition}-first-2" for partition in away} & learned
    stayed = set(range(PARTITIONS)) - away
    assert {f"{partition}-first-2" for partition in stayed} <= learned
    assert outcomes["expired"] == AHEAD * len(away)
