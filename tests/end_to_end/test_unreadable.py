"""A damaged batch in a broker's log holds its own partition at most, and never for ever."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.plant import plant
from tests.end_to_end.small_plant import SmallPlant
from tests.kafka.bulk import load

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.launcher import Launcher
    from tests.kafka.broker import Broker

BATCH = 50
DEAD_LETTERS = 'dead_letters: {{type: file, path: "{}"}}'


@pytest.fixture
def damaged(mortal: Broker) -> str:
    """A topic of two partitions, three batches each: a byte of the second of partition 0 is wrong."""
    name, events = mortal.create_topic("damaged", partitions=2), list(plant(3 * BATCH))
    for partition in range(2):
        for first in range(0, 3 * BATCH, BATCH):
            load(mortal.bootstrap, name, events[first : first + BATCH], partition=partition)
    mortal.flip_a_bit(name)
    return name


class Latin1(str):
    """A header's name as a producer in another language may write it."""

    __slots__ = ()

    def encode(self, *_: str) -> bytes:
        return super().encode("latin-1")


def test_only_its_partition_is_held_until_somebody_says_to_skip_it(
    mortal: Broker, damaged: str, launcher: Launcher, tmp_path: Path
) -> None:
    letters = tmp_path / "dead.jsonl"
    made = SmallPlant(
        launcher,
        tmp_path / "plant",
        bootstrap=mortal.bootstrap,
        topic=damaged,
        sections=DEAD_LETTERS.format(letters),
        stall_exit_seconds="4",
    )
    with made.live() as daemon:
        daemon.until_events(4 * BATCH)
        daemon.until(lambda: daemon.get("/readyz")[0] == 503)
        why = "cannot be read at offset 50: damaged/0: the batch at offset 50 has a wrong checksum (CRC)"
        assert f"damaged/0 {why}" in daemon.get("/readyz")[1]
        assert daemon.get("/livez") == (200, "ok\n")
        assert daemon.wait() == 65, daemon.log
        entry = daemon.said("stopped")
        assert entry is not None
        assert "set source.on_unreadable to skip to pass it" in entry["reason"]
    made.configure(on_unreadable="skip")
    with made.live() as daemon:
        daemon.until_events(5 * BATCH)
        assert daemon.metric("events_rejected_total", stage="read", reason="unreadable") == 1
        daemon.until(lambda: daemon.get("/readyz")[0] == 200)
        assert daemon.stop() == 0, daemon.log
    rest = [(0, offset) for offset in [*range(BATCH), *range(2 * BATCH, 3 * BATCH)]]
    assert sorted(made.learned()) == [*rest, *((1, offset) for offset in range(3 * BATCH))]
    (letter,) = map(json.loads, letters.read_text().splitlines())
    assert (letter["partition"], letter["offset"], letter["reason"]) == (0, 2 * BATCH - 1, "unreadable")
    assert letter["message"].startswith("The batch of offsets 50 to 99 cannot be read: ")
    assert b64decode(letter["value"])[:8] == (50).to_bytes(8, "big")


def test_a_header_whose_name_is_not_utf_8_costs_nothing(mortal: Broker, launcher: Launcher, tmp_path: Path) -> None:
    mortal.create_topic("names")
    odd = [[("trace", b"1")], [(Latin1("tr\xe1ce"), b"2")], [("trace", b"3")]]
    load(mortal.bootstrap, "names", plant(3), headers=odd)
    made = SmallPlant(launcher, tmp_path / "names", bootstrap=mortal.bootstrap, topic="names")
    made.live_to(3)
    assert made.learned() == [(0, 0), (0, 1), (0, 2)]
