"""How long an event waits for its prediction: from Kafka, through the daemon, to Kafka.

``python -m benchmarks.latency`` starts a broker and a daemon with the default committee, sends events at an even
pace (100 a second), and reads the predictions as a consumer would. It prints the time from when the broker has
acknowledged an event to when its prediction is read, as quantiles and as a histogram: by a reader who takes what is
committed, and by one who takes what is there, committed or not (``isolation_level``).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import typer
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from benchmarks.daemon_process import running, scrape
from benchmarks.throughput import events
from tests.kafka.broker import Broker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.kafka.cluster import Cluster

CONFIG = """
name: latency
source: {{type: kafka, bootstrap_servers: "{bootstrap}", topics: [events], client: {client}}}
decoder: {{type: json, label: fault, task: regime}}
tasks: {{type: field}}
label: {{type: class, max_classes: 6}}
learner: {{batch: {batch}}}
strategies: default
checkpoint: {{directory: {directory}/state, every_seconds: 5}}
predictions: {{type: kafka, bootstrap_servers: "{bootstrap}", topic: predictions, client: {client}}}
http: {{port: 0}}
log: {{format: json}}
"""
BOUNDS_MS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 50, 100)
"""Of the histogram."""
LEVELS = ("read_committed", "read_uncommitted")
DEADLINE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Latency:
    """Of one reader, in milliseconds."""

    events: int
    p50_ms: float
    p99_ms: float
    worst_ms: float
    histogram: dict[str, int]
    """Events by the upper bound of their latency; ``inf`` for those above all."""

    @classmethod
    def of(cls, seconds: list[float]) -> Latency:
        """Return the figures of some latencies."""
        each = 1e3 * np.array(seconds)
        counts, _ = np.histogram(each, bins=[-np.inf, *BOUNDS_MS, np.inf])
        p50, p99 = (float(np.quantile(each, share)) for share in (0.5, 0.99))
        named = dict(zip([*map(str, BOUNDS_MS), "inf"], counts.tolist(), strict=True))
        return cls(len(each), p50, p99, float(each.max()), named)


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of a run."""

    latency: Mapping[str, Latency]
    """By what the reader takes."""
    busy_ms: Mapping[str, float]
    """Of the daemon, for each event, by what it was busy with."""


class Reader(threading.Thread):
    """Notes when each prediction is there to be read, by the offset of its event."""

    def __init__(self, bootstrap: str, *, isolation_level: str) -> None:
        super().__init__(daemon=True)
        self.seen: dict[int, float] = {}
        self._done = threading.Event()
        self._consumer: Any = KafkaConsumer(
            bootstrap_servers=bootstrap,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            isolation_level=isolation_level,
            metrics_enabled=False,
        )
        self._consumer.assign([TopicPartition("predictions", 0)])

    def run(self) -> None:
        """Read until told to stop."""
        while not self._done.is_set():
            for records in self._consumer.poll(timeout_ms=200).values():
                now = time.perf_counter()
                for record in records:
                    self.seen.setdefault(orjson.loads(record.value)["offset"], now)
        self._consumer.close()

    def stop(self) -> None:
        """Read no more."""
        self._done.set()
        self.join(10)


def latency(*, batch: int, per_second: float, seconds: float, warm_events: int, client: str) -> Measured:
    """Measure, once the daemon has learned ``warm_events``."""
    with Broker() as broker, tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        for topic in ("events", "predictions"):
            broker.create_topic(topic)
        count = int(per_second * seconds)
        made = list(islice(events(warm_events + count), warm_events + count))
        broker.produce("events", made[:warm_events])
        config = directory / "latency.yaml"
        text = CONFIG.format(bootstrap=broker.bootstrap, directory=directory, batch=batch, client=client)
        config.write_text(text)
        readers = {level: Reader(broker.bootstrap, isolation_level=level) for level in LEVELS}
        with running([sys.executable, "-m", "daemon.cli", "run", "-c", str(config)]) as (_, address):
            while scrape(address).get("retaind_events_predicted_total", {}).get((), 0) < warm_events:
                time.sleep(0.5)
            for reader in readers.values():
                reader.start()
            before = _busy(address)
            there = _send(broker, made[warm_events:], first=warm_events, per_second=per_second)
            _wait_for(readers.values(), last=max(there))
            after = _busy(address)
            for reader in readers.values():
                reader.stop()
    return Measured(
        {
            level: Latency.of([reader.seen[offset] - at for offset, at in there.items()])
            for level, reader in readers.items()
        },
        {stage: 1e3 * (seconds - before.get(stage, 0.0)) / len(there) for stage, seconds in after.items()},
    )


def _send(broker: Cluster, values: list[bytes], *, first: int, per_second: float) -> dict[int, float]:
    """Send events at an even pace; return when the broker had acknowledged each, by its offset."""
    there: dict[int, float] = {}
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, linger_ms=0, acks=1, metrics_enabled=False)
    begun = time.perf_counter()
    for number, value in enumerate(values):
        time.sleep(max(0.0, begun + number / per_second - time.perf_counter()))
        sent = producer.send("events", value, partition=0)
        sent.add_callback(lambda at: there.__setitem__(at.offset, time.perf_counter()))
    producer.flush()
    producer.close()
    assert min(there) == first
    return there


def _busy(address: str) -> dict[str, float]:
    """Return the seconds that the daemon was busy with each stage; the newest second may be missing."""
    return {stage: seconds for (stage,), seconds in scrape(address)["retaind_busy_seconds_total"].items()}


def _wait_for(readers: Any, *, last: int) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while any(last not in reader.seen for reader in readers):
        if time.monotonic() > deadline:
            raise RuntimeError(f"the prediction of event {last} has not come within {DEADLINE_SECONDS:.0f} s")
        time.sleep(0.1)


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=32, help="learner.batch")
    parser.add_argument(
        "--client",
        choices=["kafka-python", "librdkafka"],
        default="kafka-python",
        help="source.client and predictions.client",
    )
    parser.add_argument("--per-second", type=float, default=100.0, help="events a second")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the measurement")
    parser.add_argument("--warm", type=int, default=9_000, help="events before it: a young stream makes more steps")
    options = parser.parse_args()
    measured = latency(
        batch=options.batch,
        per_second=options.per_second,
        seconds=options.seconds,
        warm_events=options.warm,
        client=options.client,
    )
    typer.echo(json.dumps(asdict(measured), indent=2))


if __name__ == "__main__":
    main()
