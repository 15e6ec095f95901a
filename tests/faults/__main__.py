"""``python -m tests.faults``: draw faults by a seed, and compare what was learned with what is in the topic."""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.end_to_end.launcher import Launcher
from tests.end_to_end.small_plant import SmallPlant
from tests.faults.faults import FAULTS, Stage
from tests.kafka.broker import Broker

PARTITIONS = 3


def main() -> None:
    """Run, print what was drawn and what came of it, and exit with 1 where an event was lost or learned twice."""
    options = _options()
    drawn: Counter[str] = Counter()
    _say(f"seed {options.seed}")  # first: whatever happens, it can be done again
    with TemporaryDirectory() as folder, Broker() as broker, Launcher() as launcher:
        topic = broker.create_topic("faults", partitions=PARTITIONS)
        made = SmallPlant(
            launcher, Path(folder) / "plant", bootstrap=broker.bootstrap, topic=topic, every=40, group=topic
        )
        stage = Stage(broker, made, topic=topic, partitions=PARTITIONS, chance=random.Random(options.seed))
        for _ in range(options.faults):
            stage.grow()
            fault = stage.chance.choice(FAULTS)
            drawn[fault.__name__] += 1
            fault(stage)
        stage.run().until_events(stage.events)
        stage.end_life()
        lost, twice = compare(made.learned(), stage.written)
    for name, count in sorted(drawn.items()):
        _say(f"{name.replace('_', ' ')}: {count}")
    _say(f"{options.faults} faults, {sum(stage.written):,} events, {lost} lost, {twice} twice")
    sys.exit(1 if lost or twice else 0)


def compare(learned: list[tuple[int, int]], written: list[int]) -> tuple[int, int]:
    """Return how many events of the topic were not learned, and how many more than once."""
    counted = Counter(learned)
    there = {(partition, offset) for partition, count in enumerate(written) for offset in range(count)}
    assert counted.keys() <= there, "what was learned is not in the topic"
    return len(there - counted.keys()), sum(count > 1 for count in counted.values())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument(
        "--seed", type=int, default=int(time.time()), help="of all that is drawn; the time by default"
    )
    parser.add_argument("--faults", type=int, default=300, help="how many; 300 by default, an hour at most")
    return parser.parse_args()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
