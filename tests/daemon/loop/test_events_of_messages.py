"""Messages of several events: each event once, whatever dies in between, with a position of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pytest

from connectors.memory_source import CRASH, END, MemorySource
from connectors.record import LocalRecord, UnreadableRecord
from daemon.loop.reject_limit import TooManyRejectsError
from daemon.service import Service
from tests.daemon.lives import Life, lived_through, small_config
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from pathlib import Path

    from connectors.memory_source import Sentinel
    from daemon.config.schema import Config

DECODER = {"type": "json", "explode": "rows", "label": "rows.y", "task": "site", "features": ["rows.a"]}


def batches(messages: int, *, bad: bool = False) -> list[LocalRecord]:
    chance = np.random.default_rng(3)
    made = []
    for offset in range(messages):
        rows = [{"a": float(chance.normal()), "y": int(chance.integers(3))} for _ in range(chance.integers(1, 6))]
        rows += [{"a": "hot", "y": 0}] if bad else []
        value = orjson.dumps({"site": "east" if offset < messages / 2 else "west", "rows": rows})
        made.append(LocalRecord("plant", 0, offset, -1, None, value, []))
    return made


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def lived(directory: Path, items: list[LocalRecord | Sentinel], **sections: Any) -> dict[str, Any]:
    """The state after a life, or several where the source crashes."""
    directory.mkdir()
    source = MemorySource(items, poll_sizes=(3, 1, 7))
    config = small_config(directory, decoder=DECODER, **sections)
    return lived_through(config, source, directory=directory).saved()


def test_every_event_counts_once_and_has_its_index_whenever_the_process_dies(tmp_path: Path) -> None:
    sent = batches(40)
    whole = lived(tmp_path / "whole", [*sent, END])
    crashed = lived(
        tmp_path / "crashed", [*sent[:13], CRASH, *sent[13:14], CRASH, *sent[14:31], CRASH, *sent[31:], END]
    )
    assert_same_state(whole["pipeline"], crashed["pipeline"])

    expected = [(each.offset, n) for each in sent for n in range(len(orjson.loads(each.value or b"")["rows"]))]
    for name in ("whole", "crashed"):
        predicted = lines(tmp_path / name / "predictions.jsonl")
        assert [(each["offset"], each["index"]) for each in predicted] == expected
        assert list(predicted[0])[:4] == ["topic", "partition", "offset", "index"]


def test_a_bad_event_is_a_dead_letter_with_its_index_and_the_whole_message(tmp_path: Path) -> None:
    sent = batches(5, bad=True)
    lived(tmp_path / "state", [*sent, END])
    dead = lines(tmp_path / "state" / "dead.jsonl")
    last = [len(orjson.loads(each.value or b"")["rows"]) - 1 for each in sent]
    assert [(each["offset"], each["index"]) for each in dead] == list(enumerate(last))


def test_dead_letters_are_in_the_order_of_the_stream_whatever_they_are_for(tmp_path: Path) -> None:
    bad = [{"a": 1.0, "y": None}, {"a": "hot", "y": 0}, {"a": 1.0, "y": [1]}, {"a": 2.0, "y": "no class"}]
    rows = [{"a": 1.0, "y": each} for each in range(3)] + bad
    values = [orjson.dumps({"site": "east", "rows": rows}), b"no JSON", orjson.dumps({"site": "", "rows": rows})]
    sent = [LocalRecord("plant", 0, offset, -1, None, value, []) for offset, value in enumerate(values * 4)]
    sent.insert(3, UnreadableRecord("plant", 1, 0, b"\xff", "damaged"))
    (tmp_path / "state").mkdir()
    life = Life(
        small_config(tmp_path / "state", decoder=DECODER), MemorySource([*sent, END]), directory=tmp_path / "state"
    )
    life.start()
    life.loop.turn()
    life.loop.save()  # all of it is held back, with the record that cannot be read
    life.end()
    life = Life(
        small_config(tmp_path / "state", decoder=DECODER), MemorySource([*sent, END]), directory=tmp_path / "state"
    )
    life.start()
    life.run()
    life.end()
    dead = lines(tmp_path / "state" / "dead.jsonl")
    places = [(each["offset"], each.get("index", -1)) for each in dead if each["partition"] == 0]
    assert places == sorted(places)
    assert {each["reason"] for each in dead} >= {"wrong_type", "undecodable", "unknown_class", "missing_task"}
    assert [each["reason"] for each in dead if each["partition"] == 1] == ["unreadable"]


def test_the_share_of_rejects_is_that_of_events_not_of_messages(tmp_path: Path) -> None:
    rows = [{"a": 1.0, "y": 0}] * 15 + [{"a": "hot", "y": 0}] * 5
    value = orjson.dumps({"site": "east", "rows": rows})
    sent = [LocalRecord("plant", 0, offset, -1, None, value, []) for offset in range(80)]
    lived(tmp_path / "allowed", [*sent, END], rejections={"max_share": 0.3})
    with pytest.raises(TooManyRejectsError, match="index 19: wrong_type"):
        lived(tmp_path / "refused", [*sent, END], rejections={"max_share": 0.2})


def test_deletions_are_counted_and_never_stop_the_daemon(tmp_path: Path) -> None:
    rows = [{"op": "c", "after": {"a": 1.0, "y": 0, "site": "east"}}]
    values = [orjson.dumps(each) for each in rows * 20] + [orjson.dumps({"op": "d", "after": None}), None] * 600
    sent = [LocalRecord("plant", 0, offset, -1, None, value, []) for offset, value in enumerate(values)]
    decoder = {"type": "json", "envelope": "debezium", "label": "y", "task": "site", "features": ["a"]}
    (tmp_path / "state").mkdir()
    config = small_config(tmp_path / "state", decoder=decoder, rejections={"tolerate": False})
    life = Life(config, MemorySource([*sent, END]), directory=tmp_path / "state")
    life.start()
    life.run()
    life.end()
    assert life.metric("events_rejected_total", stage="decode", reason="tombstone") == 1_200
    assert life.loop.pipeline.events == 20


def test_few_messages_are_polled_until_it_is_known_how_long_their_events_take(tmp_path: Path) -> None:
    values = [orjson.dumps({"site": "east", "rows": [{"a": 1.0, "y": 0}] * 100})] * 200
    sent = [LocalRecord("plant", 0, offset, -1, None, value, []) for offset, value in enumerate(values)]
    config = file_of(tmp_path, sent, first_events=20)
    with Service(config) as service:
        assert [service.turn() for _ in range(3)] == [8, 8, 8]
        assert service.loop.pipeline.events == 2_400


def file_of(directory: Path, sent: list[LocalRecord], **decoder: Any) -> Config:
    """The configuration of a daemon that reads messages from a file."""
    path = directory / "messages.jsonl"
    path.write_bytes(b"".join((each.value or b"") + b"\n" for each in sent))
    source = {"type": "file", "path": str(path)}
    return small_config(directory, source=source, decoder=DECODER | decoder, http={"port": 0})
