"""Events whose labels have not come in time are told of, once each, where that is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from connectors.prediction_json import to_json
from daemon.build.load import load_bytes
from daemon.build.pipeline import build_pipeline
from daemon.config.errors import ConfigError
from daemon.learning.later.later_pipeline import LaterPipeline
from daemon.learning.stopwatch import Stopwatch
from strategies.row_holder import Gone
from tests.daemon.learning.later.late_stream import START, record

if TYPE_CHECKING:
    from connectors.record import LocalRecord

LABEL = {"from": "topic", "topic": "labels", "field": "y", "id": "id", "horizon": "10s", "publish_expired": True}
BASE: dict[str, Any] = {
    "source": {"type": "kafka", "topics": ["stream"]},
    "decoder": {"type": "json", "first_events": 1, "features": ["a"]},
    "checkpoint": {"directory": "unused"},
    "predictions": {"type": "file", "path": "unused"},
}


def stream() -> list[LocalRecord]:
    """An event a second; the labels of every third never come, and those of the others three seconds later."""
    events = [record("stream", row, START + 1_000 * row, b"k%d" % row, {"a": row, "id": row}) for row in range(40)]
    told: list[LocalRecord] = []
    for row, event in enumerate(events):
        told.append(event)
        if row >= 3 and (row - 3) % 3:
            told.append(record("labels", row, event.timestamp, None, {"id": row - 3, "y": "yn"[row % 2]}))
    return told


def published(label: dict[str, Any]) -> list[tuple[dict[str, Any], bytes | None]]:
    config = load_bytes(orjson.dumps(BASE | {"label": label}), file="expired.yaml", environ={})
    pipeline = build_pipeline(config, stopwatch=Stopwatch())
    said = [each for part in (stream()[:33], stream()[33:]) for each in pipeline.process(part).predictions]
    return [(orjson.loads(to_json(each)), (each.expired or each.record).key) for each in said]


def test_each_is_told_of_after_the_first_event_that_comes_then() -> None:
    said = published(LABEL)
    expired = [place for place, (each, _) in enumerate(said) if each.get("outcome") == "expired"]
    for place in expired:
        gone, key = said[place]
        assert gone == {"topic": "stream", "partition": 0, "offset": gone["offset"], "outcome": "expired"}
        assert key == b"k%d" % gone["offset"]
        assert said[place - 1][0]["offset"] == gone["offset"] + 11
    assert [said[place][0]["offset"] for place in expired] == list(range(0, 29, 3))


def test_nobody_is_told_unless_that_is_wanted() -> None:
    assert all("outcome" not in each for each, _ in published(LABEL | {"publish_expired": False}))


def test_it_belongs_to_labels_that_come_later() -> None:
    sections = BASE | {"decoder": BASE["decoder"] | {"label": "y"}, "label": {"publish_expired": True}}
    with pytest.raises(ConfigError, match="labels that come later"):
        load_bytes(orjson.dumps(sections), file="expired.yaml", environ={})


def test_of_a_key_that_is_erased_nobody_is_told_any_more() -> None:
    config = load_bytes(orjson.dumps(BASE | {"label": LABEL}), file="expired.yaml", environ={})
    pipeline = build_pipeline(config, stopwatch=Stopwatch())
    assert isinstance(pipeline, LaterPipeline)
    pipeline.process(stream()[:8])
    # Time goes on by a label alone: who expires now is told of with the next event.
    pipeline.process([record("labels", 100, START + 60_000, None, {"id": 100, "y": "y"})])
    waiting = pipeline.state_dict()["waiting_places"]["expired"]["keys"]["bytes"]
    assert b"k0" in waiting.tobytes()
    pipeline.forget(Gone.of_keys([b"k0"]))
    left = pipeline.state_dict()["waiting_places"]
    assert all(b"k0" not in left[part]["keys"]["bytes"].tobytes() for part in ("waiting", "expired"))
    following = record("stream", 101, START + 61_000, b"k101", {"a": 1, "id": 101})
    told = [each.expired.offset for each in pipeline.process([following]).predictions if each.expired is not None]
    assert told
    assert 0 not in told
