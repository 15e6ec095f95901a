"""Whatever length a producer gives to names, keys, values and headers: it costs its own record at most."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest

from tests.end_to_end.plant import plant
from tests.end_to_end.small_plant import SmallPlant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.end_to_end.launcher import Launcher
    from tests.kafka.cluster import Cluster

CONNECT = "__connect.errors.exception.message"
GOOD = 60
DEAD_LETTERS = 'dead_letters: {{type: kafka, bootstrap_servers: "{bootstrap}", topic: {topic}}}'


@pytest.fixture
def dead(broker: Cluster, topic: str) -> Iterator[str]:
    name = broker.create_topic(f"{topic}-dead")
    yield name
    broker.delete_topic(name)


def new_plant(launcher: Launcher, directory: Path, *, broker: Cluster, topic: str, dead: str) -> SmallPlant:
    sections = DEAD_LETTERS.format(bootstrap=broker.bootstrap, topic=dead)
    return SmallPlant(launcher, directory, bootstrap=broker.bootstrap, topic=topic, sections=sections, every=20)


def event(**fields: object) -> bytes:
    return orjson.dumps(orjson.loads(next(plant(1))) | fields)


def test_long_names_are_rejects_with_short_reasons_and_nothing_grows_with_them(
    broker: Cluster, topic: str, dead: str, launcher: Launcher, tmp_path: Path
) -> None:
    long = [
        *(event(fault=letter * 300_000) for letter in "abcdef"),
        *(event(regime=letter * 900_000) for letter in "abcdef"),
        event(**{"n" * 900_000: 1.0}),
        event(fault="\N{RIGHT-TO-LEFT OVERRIDE}" * 100_000),
    ]
    good = list(plant(GOOD))
    broker.produce(topic, [*good[: GOOD // 2], *long, *good[GOOD // 2 :]])
    made = new_plant(launcher, tmp_path / "plant", broker=broker, topic=topic, dead=dead)
    with made.live() as daemon:
        # The event with a long field is learned: the field is none of its features.
        daemon.until_events(GOOD + 1)
        assert daemon.metric("events_rejected_total", stage="label", reason="too_large") == 7
        assert daemon.metric("events_rejected_total", stage="task", reason="too_large") == 6
        assert len(daemon.get("/status")[1]) < 20_000
        assert len(daemon.get("/metrics")[1]) < 400_000
        assert daemon.stop() == 0, daemon.log
        assert max(map(len, daemon.log.splitlines())) < 3_000
    messages = [dict(letter.headers)[CONNECT].decode() for letter in broker.read_all(dead)]
    assert len(messages) == 13
    assert f"The class '{'a' * 60}…' (300000 characters) has 300000 bytes; label.max_bytes allows 256." in messages
    assert max(map(len, messages)) < 1_000
    assert all(message.isprintable() for message in messages)
    assert sum(file.stat().st_size for file in made.state.rglob("*") if file.is_file()) < 2_000_000


@pytest.mark.parametrize("taken", [(2_500, [1024]), (200, [])], ids=["of 2,500 bytes", "of 200"])
def test_a_letter_that_its_topic_does_not_take_ends_nothing(
    broker: Cluster, topic: str, launcher: Launcher, tmp_path: Path, taken: tuple[int, list[int]]
) -> None:
    largest, kept = taken
    small = broker.create_topic(f"{topic}-small", config={"max.message.bytes": str(largest)})
    good = list(plant(GOOD))
    broker.produce(topic, [b"\xff" * 500_000], keys=[b"k" * 1_000], headers=[[("h" * 9_000, b"")]])
    broker.produce(topic, good)
    made = new_plant(launcher, tmp_path / "plant", broker=broker, topic=topic, dead=small)
    with made.live() as daemon:
        daemon.until_events(GOOD)
        daemon.until(lambda: daemon.metric("dead_letters_lost_total") == 1 - len(kept))
        assert daemon.stop() == 0, daemon.log
        assert ("takes no letter" in daemon.log) == (not kept)
    assert [len(letter.value or b"") for letter in broker.read_all(small)] == kept
    broker.delete_topic(small)
