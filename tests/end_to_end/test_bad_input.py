"""What cannot be learned from is counted, kept unchanged, and passed by; the rest is learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import orjson
import pytest

from tests.end_to_end.daemon_process import DaemonProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connectors.record import Record
    from tests.end_to_end.launcher import Launcher
    from tests.kafka.cluster import Cluster

CONFIG = """
name: plant
source: {{type: kafka, bootstrap_servers: "{bootstrap}", topics: [{topic}]}}
decoder: {{type: json, label: fault, task: regime, features: [a, b]}}
tasks: {{type: field}}
label: {{max_classes: 2}}
model: {{type: mlp, hidden: [8]}}
learner: {{batch: 8, steps: fixed}}
checkpoint: {{directory: "{directory}/state", every_events: 50}}
dead_letters: {{type: kafka, bootstrap_servers: "{bootstrap}", topic: {topic}-dead}}
http: {{port: 0}}
log: {{format: json}}
"""
TEN_MEGABYTES = 10 * 1024 * 1024
LARGE = {"max.message.bytes": str(2 * TEN_MEGABYTES)}
CONNECT = "__connect.errors."
BAD: list[tuple[str, str, bytes | None]] = [
    ("decode", "undecodable", b"\xff\xfe\x00not JSON"),
    ("decode", "undecodable", b""),
    ("decode", "wrong_type", b"[1, 2, 3]"),
    ("features", "wrong_type", b'{"a": "hot", "b": 1, "fault": "x", "regime": "r"}'),
    ("decode", "not_finite", b'{"a": NaN, "b": 1, "fault": "x", "regime": "r"}'),
    ("features", "not_finite", b'{"a": 1e39, "b": 1, "fault": "x", "regime": "r"}'),
    ("features", "missing_field", b'{"b": 1, "fault": "x", "regime": "r"}'),
    ("label", "missing_label", b'{"a": 1, "b": 1, "regime": "r"}'),
    ("label", "unknown_class", b'{"a": 1, "b": 1, "fault": "a third one", "regime": "r"}'),
    ("task", "missing_task", b'{"a": 1, "b": 1, "fault": "x"}'),
    ("decode", "too_large", b'{"a": "' + b"x" * TEN_MEGABYTES + b'"}'),
    ("decode", "tombstone", None),
]
GOOD = 400


def good() -> Iterator[bytes]:
    for a, b in np.random.default_rng(2).normal(size=(GOOD, 2)).tolist():
        yield orjson.dumps({"a": a, "b": b, "fault": "x" if a > 0 else "y", "regime": "r"})


@pytest.fixture
def topics(broker: Cluster, topic: str) -> Iterator[str]:
    """A topic that takes large messages, and one for its dead letters."""
    name = broker.create_topic(f"{topic}-large", config=LARGE)
    dead = broker.create_topic(f"{name}-dead", config=LARGE)
    yield name
    broker.delete_topic(name)
    broker.delete_topic(dead)


def test_bad_records_are_counted_and_kept_with_their_reason_and_the_others_are_learned(
    broker: Cluster, topics: str, launcher: Launcher, tmp_path: Path
) -> None:
    events = list(good())
    mixed: list[bytes | None] = []
    for number, (_, _, value) in enumerate(BAD):
        mixed += [*events[number * 30 : number * 30 + 30], value]
    mixed += events[len(BAD) * 30 :]
    keys = [b"key-%d" % number for number in range(len(mixed))]
    headers = [[("trace", b"%d" % number)] for number in range(len(mixed))]
    broker.produce(topics, mixed, keys=keys, headers=headers)
    config = tmp_path / "retaind.yaml"
    config.write_text(CONFIG.format(bootstrap=broker.bootstrap, topic=topics, directory=tmp_path))
    with DaemonProcess(launcher, config, log=tmp_path / "log") as daemon:
        daemon.until_events(GOOD)
        daemon.until(lambda: daemon.metric("events_received_total") == len(mixed))
        counted = {
            (stage, reason): daemon.metric("events_rejected_total", stage=stage, reason=reason)
            for stage, reason, _ in BAD
        }
        assert counted == {place: [each[:2] for each in BAD].count(place) for place in counted}
        assert daemon.metric("dead_letters_total") == len(BAD)
        assert daemon.metric("learner_steps_total", learner="") == GOOD // 8
        assert daemon.get("/readyz")[0] == 200
        assert daemon.stop() == 0
    letters = {_said(letter)[f"{CONNECT}offset"]: letter for letter in broker.read_all(f"{topics}-dead")}
    assert len(letters) == len(BAD)
    for number, (stage, reason, value) in enumerate(BAD):
        offset = str(number * 31 + 30)
        letter = letters[offset]
        assert (letter.key, letter.value) == (f"key-{offset}".encode(), value)
        said = _said(letter)
        assert said["trace"] == offset
        assert said.pop(f"{CONNECT}exception.message")
        assert {name.removeprefix(CONNECT): text for name, text in said.items() if name.startswith(CONNECT)} == {
            "topic": topics,
            "partition": "0",
            "offset": offset,
            "stage": stage,
            "exception.class.name": reason,
        }


def _said(letter: Record) -> dict[str, str]:
    return {name: value.decode() for name, value in letter.headers}
