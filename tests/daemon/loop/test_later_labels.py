"""Labels that come later, through the whole loop: checkpoints, deaths, dead letters, metrics."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from connectors.memory_source import CRASH, END, MemorySource
from tests.daemon.learning.later.late_stream import START, labelled_later, record, sensors
from tests.daemon.lives import Life, lived_through, small_config
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from connectors.memory_source import Sentinel
    from connectors.record import LocalRecord

TOPIC: dict[str, Any] = {"from": "topic", "topic": "labels", "field": "y", "id": "id", "max_classes": 3}
STREAM: dict[str, Any] = {"from": "stream", "field": "a", "ahead": 7, "type": "number"}
DECODER = {"type": "json", "task": "task", "missing": "mean", "first_events": 1}


def lived(
    items: Sequence[LocalRecord | Sentinel], directory: Path, *, label: dict[str, Any], committee: bool = False
) -> Life:
    """Live until the end of the items, again and again from the newest checkpoint; return the last life."""
    source = MemorySource([*items, END], poll_sizes=[13, 4])
    config = small_config(directory, decoder=DECODER, label=label, committee={} if committee else None)
    return lived_through(config, source, directory=directory)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.mark.parametrize("label", [TOPIC, STREAM], ids=["in records", "in the stream"])
def test_a_run_that_dies_with_rows_waiting_ends_with_the_same_bits(label: dict[str, Any], tmp_path: Path) -> None:
    records = labelled_later(150, seed=6) if label is TOPIC else sensors(200, seed=6)
    broken: list[LocalRecord | Sentinel] = list(records)
    for place in (120, 65):
        broken.insert(place, CRASH)
    one, other = (lived(items, tmp_path / name, label=label, committee=True) for items, name in (
        (records, "whole"), (broken, "broken"),
    ))  # fmt: skip
    assert_same_state(one.saved()["pipeline"], other.saved()["pipeline"])
    published = [lines(tmp_path / name / "predictions.jsonl") for name in ("whole", "broken")]
    assert published[0] == published[1]
    assert {line["label"] for line in published[0]} == {None}


def test_a_label_that_is_none_is_a_dead_letter_and_its_event_goes_on_waiting(tmp_path: Path) -> None:
    def event(row: int) -> LocalRecord:
        return record("stream", row, START + row, None, {"a": float(row), "id": row, "task": "P"})

    def label(offset: int, row: int, said: Any) -> LocalRecord:
        return record("labels", offset, START + offset, None, {"id": row, "y": said})

    items = [event(0), event(1), label(2, 0, [1]), label(3, 1, None), label(4, 0, "yes"), label(5, 1, "no")]
    life = lived(items, tmp_path, label=TOPIC)
    dead = lines(tmp_path / "dead.jsonl")
    assert [(each["topic"], each["offset"], each["reason"]) for each in dead] == [
        ("labels", 2, "wrong_type"),
        ("labels", 3, "missing_label"),
    ]
    assert life.metric("labels_total", outcome="learned") == 2
    assert life.metric("waiting_rows") == 0


def test_metrics_and_status_tell_of_what_waits_and_how_late_labels_are(tmp_path: Path) -> None:
    life = lived(sensors(120, seed=2, keys=[b"a"]), tmp_path, label=STREAM)
    assert life.metric("waiting_rows") == 7
    assert life.metric("labels_total", outcome="learned") == 113
    assert life.metric("label_delay_seconds_count") == 113
    assert life.metric("label_delay_seconds_bucket", le="600.0") == 113
    waiting = life.metric("waiting_bytes")
    assert waiting is not None
    assert waiting > 7 * 500
    shown = json.loads(life.health.status())["labels"]
    assert shown["waiting_rows"] == 7
    assert shown["outcomes"]["learned"] == 113
    rows = sum(each["rows"] for each in shown["by_delay"].values())
    assert 90 < rows <= 113
