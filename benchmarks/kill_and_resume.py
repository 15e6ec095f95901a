"""Kills a learning daemon with SIGKILL again and again, and looks for a single bit that it has lost.

``python -m benchmarks.kill_and_resume --data DIR --kills 10`` produces a data set into a real broker and learns it
with its example twice: in peace, and killed at random moments and started again. It prints where it died, and
whether weights, buffers, probe sets, scores, generators, positions and predictions end the same.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import yaml
from rich.console import Console
from rich.table import Table

from benchmarks.produce import produce
from daemon.state.state_tree import flatten
from tests.end_to_end.kill_and_resume import Course, differences
from tests.end_to_end.launcher import Command
from tests.kafka.broker import Broker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.end_to_end.kill_and_resume import Death

EXAMPLES = Path(__file__).parents[1] / "examples"
EXAMPLE_OF = {"elec2": "electricity.yaml", "mnist-fashion": "mnist-fashion.yaml", "fx": "volatility.yaml"}
LONGEST_LIFE_SECONDS = 3600.0
CHECKPOINTS = 50

console = Console()


def course(directory: Path, dataset: str, *, bootstrap: str, topic: str, events: int) -> Course:
    """Return a daemon on the topic, configured in a new directory as the example says."""
    directory.mkdir()
    text = (EXAMPLES / EXAMPLE_OF[dataset]).read_text(encoding="utf-8")
    document = yaml.safe_load(text)
    # In a group, the second run would find where the first one stopped.
    document["source"].pop("group", None)
    # Often enough that some kills fall into a checkpoint's writing.
    document["checkpoint"]["every_events"] = max(1, events // CHECKPOINTS)
    document |= {"http": {"port": 0}, "log": {"format": "json"}}
    config = directory / "retaind.yaml"
    config.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    environ = {"KAFKA_BOOTSTRAP": bootstrap, "TOPIC": topic, "STATE": str(directory / "state")}
    return Course(Command(), config, events, environ=environ, deadline_seconds=LONGEST_LIFE_SECONDS)


def show(deaths: Sequence[Death]) -> None:
    """Print where each life ended, and what the next one began with."""
    table = Table(title="SIGKILL", box=None)
    for heading in ("", "killed at event", "newest checkpoint", "at event", "learned again"):
        table.add_column(heading, justify="right")
    for number, death in enumerate(deaths, start=1):
        places = (death.events, death.generation, death.saved_events, max(0, death.events - death.saved_events))
        table.add_row(str(number), *(f"{place:,}" for place in places))
    console.print(table)


def verdict(untroubled: Course, killed: Course) -> bool:
    """Print whether both runs have ended the same, bit for bit."""
    one, other = untroubled.newest_state(), killed.newest_state()
    different = differences(one, other)
    leaves = flatten(one).leaves.values()
    events = one["pipeline"]["main_learner"]["events"], other["pipeline"]["main_learner"]["events"]
    console.print(f"events learned or held out: {events[0]:,} in peace, {events[1]:,} killed")
    console.print(f"state: {len(leaves)} tensors and arrays, {sum(leaf.nbytes for leaf in leaves):,} bytes")
    lines = [course.directory / "state" / "predictions.jsonl" for course in (untroubled, killed)]
    if all(path.exists() for path in lines):
        count, same = lines[0].read_bytes().count(b"\n"), lines[0].read_bytes() == lines[1].read_bytes()
        console.print(f"predictions: {count:,} lines, {'the same bytes' if same else 'DIFFERENT'}")
        different += [] if same else ["predictions"]
    console.print("IDENTICAL, bit for bit" if not different else f"DIFFERENT: {', '.join(different)}")
    return not different


def main() -> int:
    """Read the command line, run both, and return 0 where they end the same."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder with the data sets")
    parser.add_argument("--dataset", choices=sorted(EXAMPLE_OF), default="elec2")
    parser.add_argument("--bootstrap", help="a Kafka broker; one is started unless given")
    parser.add_argument("--kills", type=int, default=10, help="how often it is killed")
    parser.add_argument("--limit", type=int, help="learn only so many messages")
    parser.add_argument("--seed", type=int, default=None, help="of the moments; another one each time unless given")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        bootstrap = arguments.bootstrap or stack.enter_context(Broker()).bootstrap
        topic = f"kill-and-resume-{int(time.time())}"
        events = produce(
            arguments.dataset, data=arguments.data, bootstrap=bootstrap, topic=topic, limit=arguments.limit
        )
        untroubled, killed = (
            course(folder / name, arguments.dataset, bootstrap=bootstrap, topic=topic, events=events)
            for name in ("untroubled", "killed")
        )
        with console.status(f"learning {events:,} events in peace"):
            untroubled.live_to_the_end()
        seed = secrets.randbits(32) if arguments.seed is None else arguments.seed
        moments = np.random.default_rng(seed).choice(np.arange(1, events), arguments.kills, replace=False).tolist()
        with console.status("learning them again") as status:
            deaths = killed.live_and_die(
                moments, told=lambda death: status.update(f"killed at event {death.events:,}, starting again")
            )
        show(deaths)
        console.print(f"moments: --seed {seed}")
        return 0 if verdict(untroubled, killed) else 1


if __name__ == "__main__":
    sys.exit(main())
