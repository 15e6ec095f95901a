"""Every file in examples/ is valid, needs no advice that matters, and learns from the events it was written for."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pytest
from typer.testing import CliRunner

from daemon.build.load import load
from daemon.cli import app as cli
from daemon.config.advice.advice import advise
from daemon.config.sections import HttpSection
from daemon.sample.look import look_at
from daemon.sample.remarks import remarks
from daemon.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kafka.cluster import Cluster

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
EVENTS = 800
DEADLINE_SECONDS = 60


def electricity() -> Iterator[dict[str, Any]]:
    rng = np.random.default_rng(1)
    fields = ("period", "nswprice", "nswdemand", "vicprice", "vicdemand", "transfer")
    for row in rng.random((EVENTS, len(fields))):
        event = dict(zip(fields, row.tolist(), strict=True)) | {"class": "UP" if row[1] > 0.5 else "DOWN"}
        yield {"value": orjson.dumps(event)}


def prices() -> Iterator[dict[str, Any]]:
    rng = np.random.default_rng(4)
    demand = np.sin(np.arange(EVENTS) * np.pi / 24)
    price = 0.05 + 0.01 * np.roll(demand, -2) + 0.002 * rng.normal(size=EVENTS)
    for one, other in zip(price.tolist(), demand.tolist(), strict=True):
        yield {"value": orjson.dumps({"nswprice": one, "nswdemand": other, "vicprice": 0.003})}


def images() -> Iterator[dict[str, Any]]:
    rng = np.random.default_rng(2)
    for number in range(EVENTS):
        label = int(rng.integers(10))
        image = rng.integers(0, 60, (28, 28), dtype=np.uint8)
        image[2 * label : 2 * label + 4] += 150
        task = b"mnist" if number < EVENTS / 2 else b"fashion"
        yield {"value": image.tobytes(), "headers": [("label", str(label).encode()), ("task", task)]}


def bars() -> Iterator[dict[str, Any]]:
    rng = np.random.default_rng(3)
    for number, row in enumerate(rng.normal(size=(EVENTS, 4)).tolist()):
        instrument = ("USDCHF", "USDJPY", "XAUUSD")[number % 3]
        event = dict(zip(("range", "body", "volume", "usual"), row, strict=True))
        event |= {"instrument": instrument, "next_hour": "lively" if row[0] > 0 else "calm"}
        yield {"value": orjson.dumps(event), "keys": instrument.encode()}


STREAMS = {"electricity": electricity, "hour-ahead": prices, "mnist-fashion": images, "volatility": bars}


def learn(name: str, environ: dict[str, str]) -> Service:
    path = next(path for path in EXAMPLES if path.stem == name)
    config = load(path, environ=environ).model_copy(update={"http": HttpSection(port=0)})
    deadline = time.monotonic() + DEADLINE_SECONDS
    with Service(config) as service:
        while service.loop.pipeline.events < EVENTS:
            assert time.monotonic() < deadline, service.source.status().reason
            service.turn()
        service.loop.save()
    return service


def test_there_are_nine_examples() -> None:
    others = {"late-labels", "plant", "pretrained", "pumps", "sensor-regression"}
    assert {path.stem for path in EXAMPLES} == others | set(STREAMS)


def test_the_csv_example_goes_with_its_data(monkeypatch: pytest.MonkeyPatch) -> None:
    # tests/docs/test_your_own_file.py lets such a configuration learn it.
    monkeypatch.chdir(EXAMPLES[0].parents[1])
    look = look_at(load(EXAMPLES[0].parent / "pumps.yaml", environ={}))
    assert look.sample.whole
    assert remarks(look) == []


@pytest.mark.parametrize("name", ["plant", "sensor-regression"])
def test_an_example_without_kafka_learns(name: str, tmp_path: Path) -> None:
    service = learn(name, {"STATE": str(tmp_path)})
    main = service.loop.pipeline.main
    assert main is not None
    assert main.scored.learner.steps > 0
    assert main.scored.prequential.total().retention_score is not None
    assert list(tmp_path.rglob("checkpoints"))


def test_the_example_that_starts_pretrained_goes_on_from_the_plants_model(tmp_path: Path) -> None:
    learn("plant", {"STATE": str(tmp_path / "plant")})
    exported = tmp_path / "plant.safetensors"
    arguments = ["checkpoint", "export", "--state", str(tmp_path / "plant/state"), "--to", str(exported)]
    assert CliRunner().invoke(cli, arguments).exit_code == 0
    environ = {"STATE": str(tmp_path / "night"), "PRETRAINED": str(exported)}
    installed = environ | {"STATE": "/var/lib/night"}
    config = load(next(path for path in EXAMPLES if path.stem == "pretrained"), environ=installed)
    assert advise(config) == []
    service = learn("pretrained", environ)
    main = service.loop.pipeline.main
    assert main is not None
    assert main.scored.learner.rejected_steps == 0
    reference = main.scored.evaluator.reference
    assert reference is not None
    assert reference.samples > 1500
    # Of six classes the commonest is four in ten; a model of a single regime knows a little of the others.
    assert reference.initial is not None
    assert reference.initial > 0.3
    rate = main.scored.learner.learning_rate
    assert rate is not None
    assert 0 < rate < config.optimizer.lr  # type: ignore[attr-defined]  # every optimizer of ours has one


@pytest.mark.parametrize("name", sorted(STREAMS))
def test_an_example_with_kafka_learns(name: str, tmp_path: Path, broker: Cluster, topic: str) -> None:
    messages = list(STREAMS[name]())
    columns = {key: [message[key] for message in messages] for key in messages[0] if key != "value"}
    broker.produce(topic, [message["value"] for message in messages], **columns)
    broker.create_topic(f"{topic}-dead")
    service = learn(name, {"STATE": str(tmp_path), "TOPIC": topic, "KAFKA_BOOTSTRAP": broker.bootstrap})
    main = service.loop.pipeline.main
    assert main is not None
    assert main.scored.learner.rejected_steps == 0
    if name == "hour-ahead":
        snapshot = service.loop.pipeline.snapshot()
        assert main.events == EVENTS - 2
        assert snapshot.committee is not None
        score = snapshot.committee.scores.window.retention_score
        assert score is not None
        assert score > 0.6
        assert abs(snapshot.intervals["stream"].coverage - 0.9) < 0.05
        return
    assert main.events == EVENTS
    if name == "mnist-fashion":
        assert list(service.loop.pipeline.snapshot().tasks.values()) == ["mnist", "fashion"]
        return
    windowed = main.scored.prequential.windowed().accuracy
    assert windowed is not None
    # These streams can be learned within so few events; an example whose settings could not would be a bad one.
    assert windowed > 0.6


def test_the_example_with_late_labels_learns_what_they_tell(tmp_path: Path, broker: Cluster, topic: str) -> None:
    rng, start, late = np.random.default_rng(5), int(time.time() * 1000) - 10_000_000, 30
    events, labels = [], []
    for number, row in enumerate(rng.normal(size=(EVENTS + late, 3))):
        at = start / 1000 + number
        regime, fault = f"r{number // 400}", ("none", "leak")[int(row[0] + row[1] > 0)]
        senses = dict(zip(("s0", "s1", "s2"), row.tolist(), strict=True))
        events.append(orjson.dumps({"reading": number, "at": at, "regime": regime, **senses}))
        labels.append(orjson.dumps({"reading": number, "at": at + late, "fault": fault}))
    told = broker.create_topic(f"{topic}-labels")
    count = len(events)
    broker.produce(topic, events, timestamps=[start + 1_000 * number for number in range(count)])
    broker.produce(told, labels, timestamps=[start + 1_000 * (number + late) for number in range(count)])
    environ = {"STATE": str(tmp_path), "TOPIC": topic, "LABELS": told, "KAFKA_BOOTSTRAP": broker.bootstrap}
    service = learn("late-labels", environ)
    snapshot = service.loop.pipeline.snapshot()
    assert snapshot.later is not None
    assert snapshot.later.unlabelled == snapshot.events - snapshot.later.outcomes["learned"]
    assert snapshot.later.outcomes["learned"] > EVENTS - 2 * late
    assert list(snapshot.later.by_delay) == ["60"]
    assert snapshot.committee is not None
    accuracy = snapshot.committee.scores.window.accuracy
    assert accuracy is not None
    assert accuracy > 0.8
    broker.delete_topic(told)
