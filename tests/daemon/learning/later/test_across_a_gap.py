"""Where something of a partition is missing, what came before is not labelled by what comes after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.prediction_json import to_json
from connectors.record import EventRecord, LocalRecord
from daemon.build.load import load_bytes
from daemon.build.pipeline import build_pipeline
from daemon.learning.later.later_pipeline import LaterPipeline
from daemon.learning.stopwatch import Stopwatch
from tests.daemon.learning.later.late_stream import START, record

if TYPE_CHECKING:
    from collections.abc import Sequence

AHEAD = 3
BASE: dict[str, Any] = {
    "source": {"type": "kafka", "topics": ["stream"]},
    "decoder": {"type": "json", "first_events": 1, "features": ["a"]},
    "label": {"from": "stream", "field": "a", "ahead": AHEAD, "as": "difference", "publish_expired": True},
    "committee": None,
    "strategies": [{"type": "replay", "rows": 500}],
    "retention": {"probe_share": 0},
    "learner": {"batch": 4},
    "checkpoint": {"directory": "unused"},
    "predictions": {"type": "file", "path": "unused"},
}


def build(**sections: Any) -> LaterPipeline:
    config = load_bytes(orjson.dumps(BASE | sections), file="gap.yaml", environ={})
    pipeline = build_pipeline(config, stopwatch=Stopwatch())
    assert isinstance(pipeline, LaterPipeline)
    return pipeline


def part_of(partition: int, start: int, rows: int, *, keys: Sequence[bytes]) -> list[LocalRecord]:
    """Events of a partition, whose value is the offset: the label of each is ``AHEAD``, unless some are missing."""
    events = []
    for place in range(rows):
        key = keys[place % len(keys)]
        events.append(record("stream", start + place, START, key, {"a": (start + place) // len(keys)}))
    return [each._replace(partition=partition) for each in events]


def targets(pipeline: LaterPipeline) -> list[float]:
    pipeline.close_block()
    state = pipeline.state_dict()["main_learner"]["scored"]["learner"]["strategies"]["replay"]["memory"]
    return [float(each) for each in state["storage"]["y"]]


@settings(max_examples=15, deadline=None)
@given(before=st.integers(1, 12), missing=st.integers(1, 9), after=st.integers(1, 12), keys=st.integers(1, 3))
def test_no_label_reaches_across(before: int, missing: int, after: int, keys: int) -> None:
    names = [b"k%d" % number for number in range(keys)]
    pipeline = build()
    pipeline.process(part_of(0, 0, before * keys, keys=names))
    pipeline.begin_at("stream", 0, (before + missing) * keys)
    pipeline.process(part_of(0, (before + missing) * keys, after * keys, keys=names))
    learned = targets(pipeline)
    assert set(learned) <= {float(AHEAD)}
    assert len(learned) == keys * (max(0, before - AHEAD) + max(0, after - AHEAD))
    later = pipeline.snapshot().later
    assert later is not None
    assert later.outcomes["expired"] == keys * min(before, AHEAD)


def test_other_partitions_and_what_came_after_it_wait_on() -> None:
    pipeline = build()
    pipeline.process(part_of(0, 100, 2, keys=[b"a"]) + part_of(1, 0, 2, keys=[b"b"]))
    pipeline.begin_at("stream", 0, 100)
    pipeline.begin_at("another", 1, 900)
    pipeline.process(part_of(0, 102, 3, keys=[b"a"]) + part_of(1, 2, 3, keys=[b"b"]))
    assert targets(pipeline) == [AHEAD] * 4


def test_who_has_expired_is_told_with_the_next_event() -> None:
    pipeline = build()
    pipeline.process(part_of(0, 0, 2, keys=[b"a"]))
    pipeline.begin_at("stream", 0, 50)
    said = [orjson.loads(to_json(each)) for each in pipeline.process(part_of(0, 50, 1, keys=[b"a"])).predictions]
    assert [each["offset"] for each in said] == [50, 0, 1]
    assert [each.get("outcome") for each in said] == [None, "expired", "expired"]


def test_events_of_a_message_are_of_its_offset() -> None:
    pipeline = build()
    message = part_of(0, 7, 1, keys=[b"a"])[0]
    pipeline.process([EventRecord.of(message, index) for index in range(2)])
    pipeline.begin_at("stream", 0, 7)
    assert pipeline.snapshot().later.unlabelled == 2  # type: ignore[union-attr]
    pipeline.begin_at("stream", 0, 8)
    assert pipeline.snapshot().later.unlabelled == 0  # type: ignore[union-attr]


def test_a_label_that_says_which_event_it_is_of_finds_it_across_a_gap() -> None:
    pipeline = build(label={"from": "topic", "where": {"kind": "label"}, "field": "y", "id": "id"})
    pipeline.process([record("stream", 0, START, b"a", {"a": 1.0, "id": 7})])
    pipeline.begin_at("stream", 0, 50)
    pipeline.process([record("stream", 50, START, b"a", {"kind": "label", "id": 7, "y": "yes"})])
    later = pipeline.snapshot().later
    assert later is not None
    assert (later.outcomes["learned"], later.outcomes["expired"]) == (1, 0)
