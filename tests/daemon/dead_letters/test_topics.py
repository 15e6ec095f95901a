"""Dead letters of a topic: what can be learned after a fix comes back once, however often it is killed."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from connectors.kafka.producer import TransactionalProducer
from connectors.kafka.put_back import KafkaPutBack
from daemon.build.load import load
from daemon.dead_letters.journal import Journal
from daemon.service import Service
from tests.daemon.dead_letters.killed import killed, run

if TYPE_CHECKING:
    from pathlib import Path

    from connectors.record import Record
    from tests.kafka.cluster import Cluster

EVENTS = 60
WITHOUT_B = [place for place in range(EVENTS) if place % 3 == 1]
JUNK = [9, 30]
ERASED = "ann@example.org"
OF_ERASED = 31
CONFIG = """
source: {{type: kafka, bootstrap_servers: "{bootstrap}", topics: [{topic}]}}
decoder: {{type: json, label: y, key: who, features: [a, b], missing: {missing}}}
label: {{max_classes: 2}}
model: {{type: mlp, hidden: [4]}}
learner: {{batch: 8}}
strategies: []
retention: {{probe_share: 0}}
checkpoint: {{directory: "{directory}/state"}}
dead_letters: {{type: kafka, bootstrap_servers: "{bootstrap}", topic: {topic}-dead}}
predictions: {{type: file, path: "{directory}/predictions.jsonl"}}
rejections: {{max_share: 0.9}}
http: {{port: 0}}
"""


def stream() -> list[bytes]:
    values = []
    for place in range(EVENTS):
        event = {"a": place, "b": place % 2, "y": f"c{place % 2}", "who": ERASED if place == OF_ERASED else "bob"}
        if place in WITHOUT_B:
            del event["b"]
        values.append(b"junk \x1b[2J" if place in JUNK else json.dumps(event).encode())
    return values


class Plant:
    """A topic with a part that cannot be learned, a daemon that has learned the rest, and the mended file."""

    def __init__(self, broker: Cluster, topic: str, directory: Path) -> None:
        self.broker, self.topic, self.directory = broker, topic, directory
        self.dead = broker.create_topic(f"{topic}-dead")
        times = [1_700_000_000_000 + place for place in range(EVENTS)]
        broker.produce(topic, stream(), keys=[b"k"] * EVENTS, timestamps=times)
        self.config = directory / "retaind.yaml"
        self.configure("reject")
        self.live(EVENTS - len(WITHOUT_B) - len(JUNK))

    def configure(self, missing: str) -> None:
        about = {"bootstrap": self.broker.bootstrap, "topic": self.topic, "directory": self.directory}
        self.config.write_text(CONFIG.format(missing=missing, **about))

    def live(self, events: int) -> None:
        end = len(self.broker.read_all(self.topic))
        deadline = time.monotonic() + 30
        with Service(load(self.config)) as service:
            service.run(
                stop=lambda: (
                    (service.loop.pipeline.events >= events and not service.loop.owes)
                    or time.monotonic() > deadline
                )
            )
            assert service.loop.pipeline.events == events, end

    def replay(self, *options: str) -> str:
        code, said = run("dead-letters", "replay", "-c", str(self.config), *options)
        assert code == 0, said
        return said

    def put_back(self) -> list[Record]:
        records: list[Record] = self.broker.read_all(self.topic, isolation_level="read_committed")
        return [each for each in records if "__retaind.put_back" in dict(each.headers)]

    def letter_of(self, event: int) -> int:
        records: list[Record] = self.broker.read_all(self.dead, isolation_level="read_committed")
        return next(
            each.offset for each in records if dict(each.headers)["__connect.errors.offset"] == str(event).encode()
        )

    def predicted(self) -> Counter[int]:
        lines = (self.directory / "predictions.jsonl").read_text().splitlines()
        return Counter(json.loads(line)["offset"] for line in lines)


@pytest.fixture
def plant(broker: Cluster, topic: str, tmp_path: Path) -> Plant:
    return Plant(broker, topic, tmp_path)


def test_after_a_fix_each_event_comes_back_once_however_often_the_replay_is_killed(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("dead-letters", "list", "-c", str(plant.config))
    code, said = run(*command)
    assert code == 0, said
    assert f"{len(WITHOUT_B) + len(JUNK)} dead letters" in said
    assert f"{plant.topic}/0" in said
    assert f"20  {plant.topic}/0  missing_field at features  newest" in said
    assert f"{len(JUNK)} dead letters" in run(*command, "--reason", "undecodable")[1]
    assert "0 dead letters" in run(*command, "--since", "2090-01-01")[1]
    code, said = run("dead-letters", "show", f"{plant.topic}/0/{JUNK[0]}", "-c", str(plant.config))
    assert code == 0, said
    assert "value      junk \\x1b[2J" in said
    assert run("dead-letters", "show", f"{plant.topic}/0/2", "-c", str(plant.config))[0] == 64

    assert "0 would be put back" in plant.replay("--dry-run")
    plant.configure("mean")
    wanted = [place for place in WITHOUT_B if place not in {*JUNK, OF_ERASED}]
    assert run("forget", "--key", ERASED, "-c", str(plant.config))[0] == 0
    said = plant.replay("--dry-run")
    assert f"{len(wanted)} would be put back" in said
    assert "still rejected: undecodable at decode" in said
    assert "1 not: of a key that was erased" in said
    assert plant.put_back() == []
    assert not (plant.directory / "state" / "put_back.jsonl").exists()

    monkeypatch.setattr(KafkaPutBack, "most", 4)
    arguments = ("dead-letters", "replay", "-c", str(plant.config))
    for at, call, after in (
        ((KafkaPutBack, "put"), 1, False),  # the journal has the batch, the topic has nothing
        ((TransactionalProducer, "_commit"), 2, False),  # the topic has a transaction that is open
        ((TransactionalProducer, "_commit"), 1, True),  # it is committed, and the journal does not know
        ((Journal, "end"), 1, False),  # the audit log knows already
    ):
        assert killed(*arguments, at=at, call=call, after=after)
    plant.replay("--reason", "missing_field at features")
    plant.replay()
    assert "0 put back" in plant.replay()
    came = plant.put_back()
    assert sorted(record.timestamp - 1_700_000_000_000 for record in came) == wanted
    assert {record.key for record in came} == {b"k"}
    first = min(came, key=lambda record: record.timestamp)
    assert dict(first.headers)["__retaind.put_back"] == f"{plant.topic}/0/{wanted[0]}".encode()

    learned_before = EVENTS - len(WITHOUT_B) - len(JUNK)
    plant.live(learned_before + len(wanted))
    assert set(plant.predicted().values()) == {1}
    assert plant.predicted().total() == learned_before + len(wanted)
    code, said = run("audit", "verify", "-c", str(plant.config))
    assert code == 0, said
    assert said.count("  replay  ") >= 4
    assert "0 put back" in plant.replay("--since", "1w")
    group = f"retaind-put-back-{plant.topic}-{plant.dead}"
    assert plant.broker.committed(group)[plant.dead, 0] == plant.letter_of(JUNK[0])
