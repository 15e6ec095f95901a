"""Kills a daemon that publishes to Kafka again and again, and counts what is in its topics not once.

For the tests, and as a command: ``python -m tests.end_to_end.exactly_once --kills 200`` starts a broker of its own.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import orjson

from tests.end_to_end.daemon_process import DaemonProcess
from tests.end_to_end.launcher import Launcher
from tests.kafka.broker import Broker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connectors.record import Record
    from tests.kafka.cluster import Cluster

CONFIG = """
name: twice
source: {{type: kafka, bootstrap_servers: "{bootstrap}", client: {client}, topics: [{topic}]}}
decoder: {{type: json, label: y, features: [a, b]}}
label: {{max_classes: 2}}
model: {{type: mlp, hidden: [8]}}
learner: {{batch: 8, steps: fixed}}
strategies: [{{type: replay, rows: 50}}]
companions: {{naive: null, frozen: null}}
checkpoint: {{directory: "{directory}/state", every_events: {every_events}}}
predictions: {{type: kafka, bootstrap_servers: "{bootstrap}", client: {client}, topic: {topic}-predictions}}
dead_letters: {{type: kafka, bootstrap_servers: "{bootstrap}", client: {client}, topic: {topic}-dead}}
http: {{port: 0}}
log: {{format: json}}
"""
BAD_EVERY = 7


@dataclass(frozen=True, slots=True)
class Counted:
    """What a reader with ``read_committed`` finds in the two topics."""

    predicted: Counter[tuple[int, int]]
    """Records by partition and offset of their event."""
    rejected: Counter[tuple[int, int]]

    def faults(self, partitions: int, events: int) -> dict[str, int]:
        """Count what is missing, what is there more than once, and what should not be there."""
        places = [(part, offset) for part in range(partitions) for offset in range(events)]
        bad = {place for place in places if place[1] % BAD_EVERY == 0}
        found = [(self.predicted, set(places) - bad), (self.rejected, bad)]
        return {
            "lost": sum(len(wanted - counts.keys()) for counts, wanted in found),
            "twice": sum(count - 1 for counts, _ in found for count in counts.values()),
            "other": sum(len(counts.keys() - wanted) for counts, wanted in found),
        }


def events(count: int) -> Iterator[bytes]:
    """Every seventh is not JSON."""
    for number, (a, b) in enumerate(np.random.default_rng(3).normal(size=(count, 2)).tolist()):
        yield b"not JSON" if number % BAD_EVERY == 0 else orjson.dumps({"a": a, "b": b, "y": "u" if a > b else "v"})


def prepare(
    cluster: Cluster,
    topic: str,
    directory: Path,
    *,
    partitions: int,
    count: int,
    every_events: int,
    client: str = "kafka-python",
) -> Path:
    """Make the topics, fill the one that is read, and return the configuration."""
    for name, width in ((topic, partitions), (f"{topic}-predictions", 2), (f"{topic}-dead", 2)):
        cluster.create_topic(name, partitions=width)
    for partition in range(partitions):
        cluster.produce(topic, events(count), partition=partition)
    config = directory / "retaind.yaml"
    text = CONFIG.format(
        bootstrap=cluster.bootstrap, topic=topic, directory=directory, every_events=every_events, client=client
    )
    config.write_text(text, encoding="utf-8")
    return config


def live_and_die(launcher: Launcher, config: Path, moments: Iterable[float], *, count: int) -> None:
    """Kill a daemon so many seconds after each start, then let one live until it has received all events."""
    directory = config.parent
    for number, seconds in enumerate(moments):
        with DaemonProcess(launcher, config, log=directory / f"log-{number}") as daemon:
            daemon.until_said("started")
            time.sleep(seconds)  # whatever it is doing then: connecting, reading back, learning, writing, saving
            daemon.kill()
    with DaemonProcess(launcher, config, log=directory / "log-last") as daemon:
        daemon.until(lambda: sum(each["position"] for each in daemon.status().get("partitions", [])) == count)
        assert daemon.stop() == 0, daemon.log


def count_records(cluster: Cluster, topic: str) -> Counted:
    """Read both topics as their readers do."""
    predicted = cluster.read_all(f"{topic}-predictions", isolation_level="read_committed")
    values = [orjson.loads(record.value or b"") for record in predicted]
    rejected = cluster.read_all(f"{topic}-dead", isolation_level="read_committed")
    return Counted(
        Counter((value["partition"], value["offset"]) for value in values), Counter(map(_place_of_letter, rejected))
    )


def _place_of_letter(letter: Record) -> tuple[int, int]:
    said = dict(letter.headers)
    return int(said["__connect.errors.partition"]), int(said["__connect.errors.offset"])


def main() -> int:
    """Print what was found; 1 where anything is lost or there twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--events", type=int, default=60_000, help="of each of two partitions")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("--client", choices=["kafka-python", "librdkafka"], default="kafka-python")
    given = parser.parse_args()
    chance = random.Random(given.seed)
    sys.stdout.write(f"seed {given.seed}\n")
    with tempfile.TemporaryDirectory() as folder, Broker() as broker, Launcher() as launcher:
        wide = {"partitions": 2, "count": given.events, "every_events": 700}
        config = prepare(broker, "twice", Path(folder), **wide, client=given.client)
        moments = [chance.expovariate(2.0) for _ in range(given.kills)]
        live_and_die(launcher, config, moments, count=2 * given.events)
        faults = count_records(broker, "twice").faults(2, given.events)
    sys.stdout.write(f"{given.kills} kills, {2 * given.events} events: {faults}\n")
    return int(any(faults.values()))


if __name__ == "__main__":
    sys.exit(main())
