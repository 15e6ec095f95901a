from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka import TopicPartition

from connectors.kafka.positions import Log, Policies, Position, PositionLostError, from_json, to_json

PART = TopicPartition("t", 0)
offset = st.integers(0, 1000)
positions = st.builds(Position, offset, st.integers(-1, 5), st.one_of(st.none(), st.sampled_from(["a", "b"])))


@given(stored=st.none() | positions, committed=st.none() | offset, start=offset, length=offset)
def test_by_default_it_is_the_larger_of_both_or_an_error_and_never_a_jump(
    stored: Position | None, committed: int | None, start: int, length: int
) -> None:
    log = Log(start, start + length, "a")
    known = [at for at in (stored.offset if stored else None, committed) if at is not None]
    recreated = stored is not None and stored.topic_id == "b"
    held = not known or log.start <= max(known) <= log.end
    if recreated or not held:
        with pytest.raises(PositionLostError):
            Policies().place(PART, stored, committed, log)
    else:
        at = Policies().place(PART, stored, committed, log)
        assert (at and at.offset) == max(known, default=None)


@given(stored=positions, committed=st.none() | offset, start=offset, length=offset)
def test_with_policies_that_accept_it_always_lies_in_the_log(
    stored: Position, committed: int | None, start: int, length: int
) -> None:
    log = Log(start, start + length, "a")
    at = Policies("earliest", "accept").place(PART, stored, committed, log)
    assert at is not None
    assert log.start <= at.offset <= log.end
    assert at.topic_id == "a"


def test_the_epoch_is_only_kept_with_the_offset_that_it_belongs_to() -> None:
    stored = Position(10, leader_epoch=3)
    assert Policies().place(PART, stored, 5, Log(0, 20)) == Position(10, 3)
    assert Policies().place(PART, stored, 15, Log(0, 20)) == Position(15, -1)


def test_a_diverged_log_is_an_error_even_where_the_offset_exists() -> None:
    with pytest.raises(PositionLostError, match="were replaced on the broker"):
        Policies().place(PART, Position(10), None, Log(0, 20), diverged=True)


def test_a_recreated_topic_ignores_what_the_group_had_of_the_old_one() -> None:
    accepting = Policies(on_recreated_topic="accept")
    assert accepting.place(PART, Position(10, 1, "old"), 15, Log(0, 20, "new")) == Position(0, -1, "new")


@given(st.dictionaries(st.builds(TopicPartition, st.text(), st.integers(0, 9)), positions))
def test_positions_survive_json(known: dict[TopicPartition, Position]) -> None:
    assert from_json(json.loads(json.dumps(to_json(known)))) == known


def test_a_snapshot_is_sorted_and_none_is_empty() -> None:
    snapshot = to_json({TopicPartition("b", 0): Position(1), TopicPartition("a", 1): Position(2)})
    assert [row["topic"] for row in snapshot["partitions"]] == ["a", "b"]
    assert from_json(None) == {}
