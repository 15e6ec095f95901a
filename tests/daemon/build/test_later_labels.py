"""What a configuration with later labels may say, and what is said where it may not."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaml

from daemon.build.edges import build_source
from daemon.build.load import load_bytes
from daemon.config.effective import effective
from daemon.config.errors import ConfigError
from daemon.config.schema import Config
from daemon.service import Service

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

KAFKA = {"type": "kafka", "bootstrap_servers": "localhost:9092", "topics": ["plant"]}
FILE = {"type": "file", "path": "events.jsonl"}
STREAM: dict[str, Any] = {"from": "stream", "field": "pm25", "ahead": 12}
TOPIC: dict[str, Any] = {"from": "topic", "topic": "labels", "field": "fault"}


def loaded(sections: Mapping[str, Any]) -> Config:
    whole = {"source": FILE, "decoder": {"type": "json"}, "checkpoint": {"directory": "state"}, **sections}
    return load_bytes(yaml.safe_dump(whole).encode(), file="retaind.yaml", environ={})


VALID: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a value ahead": ({"label": STREAM}, {"type": "number", "ahead_events": 12, "horizon_seconds": None}),
    "a value in time": (
        {"label": STREAM | {"ahead": "1h"}},
        {"ahead_events": None, "ahead_seconds": 3_600.0, "horizon_seconds": 7_200.0},
    ),
    "a sign": ({"label": STREAM | {"as": "sign"}}, {"type": "class", "max_classes": 3}),
    "a class ahead": ({"label": STREAM | {"type": "class"}}, {"type": "class", "max_classes": 16}),
    "no label": ({"label": "none", "target": {"field": "pm25", "ahead": "hour"}}, {"ahead_seconds": 3_600.0}),
    "a target alone": ({"target": {"field": "pm25", "ahead": 1, "as": "return"}}, {"target": "return"}),
    "a topic": ({"source": KAFKA, "label": TOPIC}, {"type": "class", "by": "key"}),
    "a shared group": ({"label": TOPIC, "source": KAFKA | {"mode": "subscribe", "group": "g"}}, {"by": "key"}),
    "a file": ({"source": FILE | {"path": ["events.jsonl", "labels.jsonl"]}, "label": TOPIC}, {"topic": "labels"}),
    "files that may be there": ({"source": FILE | {"path": "plant/*.jsonl"}, "label": TOPIC}, {"topic": "labels"}),
    "files by another name": (
        {"source": FILE | {"path": ["plant/*.jsonl", {"path": "told.gz", "topic": "labels"}]}, "label": TOPIC},
        {"topic": "labels"},
    ),
    "a field that tells": ({"label": {"from": "topic", "where": {"kind": "label"}, "field": "fault"}}, {}),
}


@pytest.mark.parametrize("case", VALID)
def test_every_way_to_write_it_is_a_label_and_can_be_shown_in_full(case: str) -> None:
    sections, expected = VALID[case]
    config = loaded(sections)
    assert config.label.is_later
    assert {name: getattr(config.label, name) for name in expected} == expected
    assert Config.model_validate(effective(config)).label == config.label


INVALID: dict[str, tuple[dict[str, Any], str]] = {
    "no field": ({"label": {"from": "stream", "ahead": 1}}, "needs field"),
    "no time": ({"label": STREAM | {"ahead": "soon"}}, "'soon' is not a length of time"),
    "nothing ahead": ({"label": STREAM | {"ahead": 0}}, "ahead"),
    "a horizon before the label": ({"label": STREAM | {"ahead": "1h", "horizon": "1m"}}, "shorter than ahead"),
    "a class of a number": ({"label": STREAM | {"type": "class", "as": "difference"}}, "set type: number"),
    "a number of classes": ({"label": STREAM | {"type": "number", "as": "sign"}}, "set type: class"),
    "two labels": ({"label": STREAM, "decoder": {"type": "json", "label": "y"}}, "leave this one out"),
    "a label and a target": ({"label": {"max_classes": 3}, "target": STREAM}, "leave out one of the two"),
    "no label and no target": ({"label": "none"}, "needs target"),
    "neither topic nor field": ({"source": KAFKA, "label": {"from": "topic", "field": "y"}}, "either topic"),
    "what belongs to another": ({"label": TOPIC | {"ahead": 3}, "source": KAFKA}, "belongs to from: stream"),
    "a topic of no file": ({"label": TOPIC}, "no file of the source is of this topic"),
    "a topic of all files": ({"label": TOPIC, "source": FILE | {"topic": "labels"}}, "none has events"),
    "a topic of a plant": ({"label": TOPIC, "source": {"type": "plant"}}, "a plant source has no topics"),
    "a topic of the events": ({"label": TOPIC | {"topic": "plant"}, "source": KAFKA}, "reads it for events"),
    "a topic that nobody reads": (
        {"label": TOPIC, "source": {**KAFKA, "topics": [], "pattern": "plant-.*"}},
        "this one does not",
    ),
    "lines of a topic": (
        {"label": TOPIC, "source": KAFKA, "decoder": {"type": "csv", "columns": ["a", "b"]}},
        "CSV",
    ),
    "a feature": (
        {"label": TOPIC, "source": KAFKA, "decoder": {"type": "json", "features": ["a", "fault"]}},
        "gives the answer away",
    ),
    "bytes": (
        {"label": STREAM, "decoder": {"type": "raw", "dtype": "float32", "shape": [3]}},
        "no named fields",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", INVALID)
def test_what_cannot_be_meant_is_said_with_its_place_and_the_remedy(case: str) -> None:
    sections, reason = INVALID[case]
    with pytest.raises(ConfigError, match=re.escape(reason)):
        loaded(sections)


def test_the_source_reads_the_topic_of_labels_too() -> None:
    source: Any = build_source(loaded({"source": KAFKA, "label": TOPIC}))
    assert source._options.topics == ("plant", "labels")


def test_labels_in_a_file_of_their_own_find_their_events(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    rows = chance.normal(size=(400, 2))
    events = [{"reading": number, "a": a, "b": b} for number, (a, b) in enumerate(rows.tolist())]
    labels = [{"reading": number, "fault": ["none", "leak"][int(a + b > 0)]} for number, (a, b) in enumerate(rows)]
    for name, lines in (("events", events), ("labels", labels)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    paths = [str(tmp_path / name) for name in ("events.jsonl", "labels.jsonl")]
    sections = {
        "source": {"type": "file", "path": paths},
        "label": TOPIC | {"id": "reading"},
        "checkpoint": {"directory": str(tmp_path / "state")},
        "http": {"port": 0},
    }
    with Service(loaded(sections)) as service:
        service.run(stop=lambda: False)
        later = service.loop.pipeline.snapshot().later
    assert later is not None
    assert (later.outcomes["learned"], later.unlabelled) == (400, 0)
