"""What the daemon publishes is there once; while it cannot be, the daemon waits, says so, and loses nothing."""

from __future__ import annotations

import os
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import orjson

from tests.end_to_end.daemon_process import DaemonProcess
from tests.end_to_end.exactly_once import count_records, events, live_and_die, prepare

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.end_to_end.launcher import Launcher
    from tests.kafka.broker import Broker
    from tests.kafka.cluster import Cluster


def test_each_prediction_and_dead_letter_is_in_kafka_once_however_often_the_daemon_is_killed(
    broker: Cluster, topic: str, launcher: Launcher, tmp_path: Path
) -> None:
    wide = f"{topic}-wide"
    seed = random.SystemRandom().randrange(1 << 31)
    chance = random.Random(seed)
    client = chance.choice(["kafka-python", "librdkafka"])
    config = prepare(broker, wide, tmp_path, partitions=2, count=1_400, every_events=200, client=client)
    live_and_die(launcher, config, [chance.expovariate(3.0) for _ in range(4)], count=2_800)
    assert count_records(broker, wide).faults(2, 1_400) == {"lost": 0, "twice": 0, "other": 0}, (
        f"seed {seed}, {client}"
    )
    for name in (wide, f"{wide}-predictions", f"{wide}-dead"):
        broker.delete_topic(name)


FILES = """
name: disk
source: {{type: file, path: "{directory}/events.jsonl", topic: plant{rate}}}
decoder: {{type: json, label: y, features: [a, b]}}
label: {{max_classes: 2}}
model: {{type: mlp, hidden: [8]}}
learner: {{batch: 8, steps: fixed}}
strategies: []
companions: {{naive: null, frozen: null}}
checkpoint: {{directory: "{directory}/state", every_events: 200}}
predictions: {predictions}
dead_letters: {dead_letters}
http: {{port: 0}}
log: {{format: json}}
"""


def configure(directory: Path, *, predictions: str, dead_letters: str, rate: float | None = None) -> Path:
    """A daemon that reads a file, so that only its sinks can be away."""
    (directory / "events.jsonl").write_bytes(b"".join(event + b"\n" for event in events(3_000)))
    config = directory / "retaind.yaml"
    text = FILES.format(
        directory=directory,
        predictions=predictions,
        dead_letters=dead_letters,
        rate="" if rate is None else f", rate: {rate}",
    )
    config.write_text(text)
    return config


def offsets(path: Path) -> dict[int, int]:
    return Counter(orjson.loads(line)["offset"] for line in path.read_bytes().splitlines())


def each_once(predicted: dict[int, int], rejected: dict[int, int]) -> bool:
    bad = range(0, 3_000, 7)
    return rejected == dict.fromkeys(bad, 1) and predicted == dict.fromkeys(set(range(3_000)) - set(bad), 1)


def waits(daemon: DaemonProcess, *sinks: str) -> str:
    """Wait until the daemon says that it waits for these sinks, alive; return why."""
    daemon.until(lambda: all(daemon.metric("sink_waiting", sink=sink) == 1 for sink in sinks))
    daemon.until(lambda: daemon.metric("ready") == 0)
    code, reason = daemon.get("/readyz")
    assert code == 503
    assert daemon.get("/livez") == (200, "ok\n")
    assert daemon.said("waiting for a sink, and polling nothing") is not None
    return reason


def test_a_full_disk_is_waited_for_and_a_stop_meanwhile_loses_nothing(
    launcher: Launcher, small_disk: Path, tmp_path: Path
) -> None:
    predictions, dead, ballast = (small_disk / name for name in ("predictions", "dead", "ballast"))
    config = configure(
        tmp_path,
        predictions=f'{{type: file, path: "{predictions}"}}',
        dead_letters=f'{{type: file, path: "{dead}"}}',
    )
    ballast.write_bytes(b"x" * 900_000)
    with DaemonProcess(launcher, config, log=tmp_path / "first") as daemon:
        assert "cannot be written: [Errno 28] No space left on device" in waits(daemon, "predictions")
        turns = daemon.metric("loop_turn_seconds_count")
        daemon.until(lambda: daemon.metric("loop_turn_seconds_count") >= turns + 2)
        assert daemon.stop() == 0
        assert daemon.said("no last checkpoint: what came after the newest is learned again") is not None
    with DaemonProcess(launcher, config, log=tmp_path / "second") as daemon:
        waits(daemon, "predictions")
        ballast.unlink()
        assert daemon.wait() == 0
        assert daemon.said("a sink can be written to again") is not None
    assert each_once(offsets(predictions), offsets(dead))


def test_a_pipe_that_nobody_reads_is_waited_for_like_a_full_disk(launcher: Launcher, tmp_path: Path) -> None:
    pipe = tmp_path / "predictions"
    os.mkfifo(pipe)
    config = configure(
        tmp_path,
        predictions=f'{{type: file, path: "{pipe}"}}',
        dead_letters=f'{{type: file, path: "{tmp_path / "dead"}"}}',
    )
    with DaemonProcess(launcher, config, log=tmp_path / "first") as daemon:
        assert f"nobody reads {pipe}, and it is full" in waits(daemon, "predictions")
        assert daemon.stop() == 0
    assert offsets(tmp_path / "dead").keys() <= set(range(0, 3_000, 7))


def test_a_broker_that_is_away_is_waited_for_by_the_sinks(
    new_broker: Callable[..., Broker], launcher: Launcher, tmp_path: Path
) -> None:
    broker = new_broker()
    to = f'type: kafka, bootstrap_servers: "{broker.bootstrap}"'
    config = configure(
        tmp_path,
        predictions=f"{{{to}, topic: out-predictions}}",
        dead_letters=f"{{{to}, topic: out-dead}}",
        rate=600,
    )
    with DaemonProcess(launcher, config, log=tmp_path / "log") as daemon:
        waits(daemon, "predictions", "dead_letters")
        assert daemon.events() == 0
        assert daemon.said("ready") is None
        broker.start()
        waits(daemon, "predictions", "dead_letters")
        for name in ("out-predictions", "out-dead"):
            broker.create_topic(name)
        daemon.until_events(500)
        assert daemon.get("/readyz")[0] == 200
        broker.kill()
        waits(daemon, "predictions")
        broker.start()
        assert daemon.wait() == 0
    counted = count_records(broker, "out")
    placed: list[dict[int, Any]] = [
        {offset: count for (_, offset), count in counts.items()} for counts in (counted.predicted, counted.rejected)
    ]
    assert each_once(*placed)
