"""How fast the whole daemon learns from Kafka, as shares of what its parts could do alone.

``python -m benchmarks.throughput`` starts a broker, fills a topic, and prints in one run: kafka-python's bare poll
loop, the whole daemon on the same topic (decode, predict, score, learn with replay and EWC, probe sets, companions,
checkpoints), the same with the committee, what each member of that costs, the plain step of ``torch.optim.SGD`` and
our step with replay and EWC; and the daemon's memory on its way. Ratios are what counts: absolute figures are those
of the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import orjson
import torch
import typer
from kafka import KafkaConsumer, TopicPartition
from torch import nn

from benchmarks.committee_cost import committee_cost
from benchmarks.daemon_process import running, scrape
from daemon.process.threads import use_threads
from strategies.batch import Batch
from strategies.ewc import Ewc
from strategies.learner import Learner
from strategies.models.mlp import Mlp
from strategies.network import network_of
from strategies.objective import Classification
from strategies.optimizers.sgd import Sgd
from strategies.options.ewc import EwcOptions
from strategies.options.models.mlp import MlpOptions
from strategies.options.optimizers.sgd import SgdOptions
from strategies.options.replay import ReplayOptions
from strategies.replay import Replay
from strategies.strategy import Setting
from tests.kafka.broker import Broker
from tests.kafka.bulk import load
from tests.kafka.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FEATURES, CLASSES, ROWS = 16, 6, 32
CONFIG = """
name: throughput
source: {{type: kafka, bootstrap_servers: "{bootstrap}", topics: [{topic}], client: {client}}}
decoder: {{type: json, label: fault, task: regime}}
tasks: {{type: field}}
label: {{type: class, max_classes: 6}}
model: {{type: mlp, hidden: [64, 64]}}
optimizer: {{type: sgd, lr: 0.05}}
learner: {{batch: 128}}
strategies: [{{type: replay, rows: 2000}}, {{type: ewc}}]
committee: {committee}
retention: {{every_events: 50000}}
checkpoint: {{directory: {state}, every_seconds: 5}}
http: {{port: 0}}
log: {{format: json}}
"""


@dataclass(frozen=True, slots=True)
class Daemon:
    """One run of the whole daemon."""

    events_per_second: float
    processor_us: float
    """Processor time an event, of all its threads: unlike the rate, it does not depend on who else is working."""
    memory_mib: list[float]
    """Resident memory at each tenth of the way."""


def events(count: int) -> Iterator[bytes]:
    """Yield JSON events of 16 features, a regime that changes a hundred times in all, and a fault class."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(CLASSES, FEATURES))
    segment = max(count // 100, 1)
    for start in range(0, count, 4096):
        labels = rng.integers(0, CLASSES, 4096)
        x = np.round(centres[labels] + rng.normal(size=(4096, FEATURES)), 4)
        for i in range(min(4096, count - start)):
            event = {f"f{j}": value for j, value in enumerate(x[i].tolist())}
            regime = f"r{(start + i) // segment % 5}"
            yield orjson.dumps(event | {"regime": regime, "fault": f"c{labels[i]}"})


def bare_poll(bootstrap: str, topic: str, count: int) -> tuple[float, float]:
    """Return the events per second of a loop that only polls, and its µs of processor time an event."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
    consumer.assign([TopicPartition(topic, 0)])
    received, started, busy = 0, None, 0.0
    while received < count:
        polled = sum(map(len, consumer.poll(timeout_ms=1000, max_records=4096).values()))
        # The clock starts with the first records: connecting is not polling.
        if started is None and polled:
            started, busy = time.perf_counter(), time.process_time()
            count -= polled
        else:
            received += polled
    assert started is not None
    rate = received / (time.perf_counter() - started)
    processor_us = (time.process_time() - busy) / received * 1e6
    consumer.close()
    return rate, processor_us


def whole_daemon(bootstrap: str, topic: str, count: int, *, committee: bool, client: str) -> Daemon:
    """Run ``retaind run`` on the topic and return its rate between a tenth and all of the events."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "retaind.yaml"
        text = CONFIG.format(
            bootstrap=bootstrap,
            topic=topic,
            state=folder,
            committee="{}" if committee else "null",
            client=client,
        )
        config.write_text(text, encoding="utf-8")
        with running([sys.executable, "-m", "daemon.cli", "run", "-c", str(config)]) as (process, address):
            progress: list[tuple[float, float, float]] = []
            memory: list[float] = []
            while not progress or progress[-1][-1] < count:
                if process.poll() is not None:
                    raise RuntimeError("the daemon stopped early; its log is above")
                seen = scrape(address)["retaind_events_predicted_total"][()]
                if seen >= count * (len(memory) + 1) / 10:
                    memory.append(resident_mib(process.pid))
                    progress.append((time.perf_counter(), processor_seconds(process.pid), seen))
                time.sleep(1.0)  # a scrape takes the daemon a few milliseconds
    (start, busy, before), (end, busy_then, after) = progress[0], progress[-1]
    return Daemon((after - before) / (end - start), (busy_then - busy) / (after - before) * 1e6, memory)


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process has used, in all its threads (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid: int) -> float:
    """Return a process's resident memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def step_ratio(repetitions: int) -> tuple[float, float]:
    """Return the microseconds of ``torch.optim.SGD``'s plain step and of ours with replay and EWC, 32 rows each.

    The two alternate; the median of each is taken.
    """
    use_threads(1)
    plain, ours = plain_step(), our_step()
    times: tuple[list[float], list[float]] = ([], [])
    for step in (plain, ours):
        for _ in range(300):
            step()
    for _ in range(repetitions):
        for step, taken in zip((plain, ours), times, strict=True):
            started = time.perf_counter()
            for _ in range(50):
                step()
            taken.append((time.perf_counter() - started) / 50 * 1e6)
    return statistics.median(times[0]), statistics.median(times[1])


def rows() -> tuple[torch.Tensor, torch.Tensor]:
    """Return 32 random rows and labels."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(ROWS, FEATURES, generator=generator)
    return x, torch.randint(0, CLASSES, (ROWS,), generator=generator)


def plain_step() -> Callable[[], None]:
    """Return the step everybody writes: autograd and ``torch.optim.SGD``, nothing against forgetting."""
    model: nn.Module = Mlp(MlpOptions(), features=FEATURES, outputs=CLASSES)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    x, y = rows()

    def step() -> None:
        optimizer.zero_grad()
        torch.autograd.backward(nn.functional.cross_entropy(model(x), y))
        optimizer.step()

    return step


def our_step() -> Callable[[], None]:
    """Return our step, with 32 rehearsed rows and an anchor that is set, on a buffer that is full."""
    network = network_of(Mlp(MlpOptions(), features=FEATURES, outputs=CLASSES))
    setting = Setting(
        features=FEATURES, outputs=CLASSES, classification=True, batch_rows=ROWS, generator=np.random.default_rng(0)
    )
    learner = Learner(
        network,
        objective=Classification(CLASSES),
        optimizer=Sgd(SgdOptions(), parameters=len(network.parameters)),
        strategies=[
            ("replay", Replay(ReplayOptions(rows=2000), setting=setting)),
            ("ewc", Ewc(EwcOptions(), setting=setting)),
        ],
    )
    x, y = rows()
    none = torch.zeros(ROWS, dtype=torch.long)
    fresh = Batch(x=x, y=y, task=none, provenance=torch.zeros(ROWS, 4, dtype=torch.long))
    for _ in range(100):
        learner.learn(fresh)
    learner.consolidate(0)

    def step() -> None:
        learner.learn(fresh)

    return step


def main() -> None:
    """Measure, print a table, and write JSON where asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=2_000_000, help="messages in the topic")
    parser.add_argument(
        "--client",
        choices=["kafka-python", "librdkafka"],
        default="kafka-python",
        help="the daemon's source.client",
    )
    parser.add_argument("--rounds", type=int, default=1, help="how often poll and daemon take turns")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        bootstrap = os.environ.get("KAFKA_BOOTSTRAP") or stack.enter_context(Broker()).bootstrap
        topic = f"throughput-{os.getpid()}"
        typer.echo(f"filling {topic} with {arguments.events:,} events …")
        Cluster(bootstrap).create_topic(topic)
        load(bootstrap, topic, events(arguments.events))
        daemon = partial(whole_daemon, bootstrap, topic, arguments.events, client=arguments.client)
        polls, daemons, committees = [], [], []
        for _ in range(arguments.rounds):
            polls.append(bare_poll(bootstrap, topic, arguments.events))
            daemons.append(daemon(committee=False))
            committees.append(daemon(committee=True))
        # Each daemon runs between two polls, since machines change their speed while they are measured.
        polls.append(bare_poll(bootstrap, topic, arguments.events))
    plain, ours = step_ratio(60)
    poll, poll_us = (statistics.median(figures) for figures in zip(*polls, strict=True))
    learned = statistics.median(run.events_per_second for run in daemons)
    answered = statistics.median(run.events_per_second for run in committees)
    costs = committee_cost(
        islice(events(2_000_000), 60_000),
        config=CONFIG.format(
            bootstrap=bootstrap, topic=topic, state="(none)", committee="{}", client=arguments.client
        ),
    )
    learned_us, answered_us = (
        statistics.median(run.processor_us for run in runs) for runs in (daemons, committees)
    )
    typer.echo(f"kafka-python, bare poll      {poll:12,.0f} events/s")
    typer.echo(f"the daemon's client          {arguments.client:>12}")
    typer.echo(f"the whole daemon             {learned:12,.0f} events/s   {learned / poll:.2f} of the bare poll")
    typer.echo(
        f"the same with the committee  {answered:12,.0f} events/s   {answered / learned:.2f} of that without"
    )
    figures_us = f"{poll_us:.1f} the bare poll, {learned_us:.1f} the daemon, {answered_us:.1f} with the committee"
    typer.echo(f"processor time an event, µs  {figures_us}")
    for name, cost in costs.items():
        typer.echo(f"  {name:60} {cost:6.1f} µs an event")
    typer.echo(f"torch.optim.SGD, plain step  {plain:12.0f} µs")
    typer.echo(f"our step, replay and EWC     {ours:12.0f} µs         {ours / plain:.2f} of the plain step")
    memory = " ".join(f"{mib:.0f}" for mib in daemons[-1].memory_mib)
    typer.echo(f"daemon's memory, MiB, by tenths: {memory}")
    if arguments.json:
        figures = {
            "client": arguments.client,
            "poll": polls,
            "daemon": [asdict(run) for run in daemons],
            "committee": [asdict(run) for run in committees],
            "committee_us": costs,
            "plain_us": plain,
            "ours_us": ours,
        }
        arguments.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
