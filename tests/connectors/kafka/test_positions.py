from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka import TopicPartition

from connectors.kafka.claims import GroupOffset
from connectors.kafka.positions import (
    ForeignOffsetsError,
    Log,
    Policies,
    Position,
    PositionLostError,
    from_json,
    to_json,
)

PART = TopicPartition("t", 0)
offset = st.integers(0, 1000)
positions = st.builds(Position, offset, st.integers(-1, 5), st.one_of(st.none(), st.sampled_from(["a", "b"])))
group_offsets = st.builds(GroupOffset, offset)


@given(stored=positions, foreign=st.none() | group_offsets, start=offset, length=offset)
def test_by_default_it_is_the_stored_one_or_an_error_and_never_a_jump(
    stored: Position, foreign: GroupOffset | None, start: int, length: int
) -> None:
    log = Log(start, start + length, "a")
    if stored.topic_id == "b":
        wanted: type[Exception] | None = PositionLostError
    elif foreign is not None and foreign.offset > stored.offset:
        wanted = ForeignOffsetsError
    else:
        wanted = None if log.start <= stored.offset <= log.end else PositionLostError
    if wanted is not None:
        with pytest.raises(wanted):
            Policies().place(PART, stored, foreign, log)
    else:
        assert Policies().place(PART, stored, foreign, log) == replace(stored, topic_id="a")


@given(stored=st.none() | positions, foreign=st.none() | group_offsets, start=offset, length=offset)
def test_with_policies_that_accept_it_always_lies_in_the_log(
    stored: Position | None, foreign: GroupOffset | None, start: int, length: int
) -> None:
    log = Log(start, start + length, "a")
    at = Policies("earliest", "accept", "take").place(PART, stored, foreign, log)
    assert (at is None) == (stored is None and foreign is None)
    if at is not None:
        assert log.start <= at.offset <= log.end
        assert at.topic_id == "a"


@given(stored=positions, foreign=group_offsets)
def test_no_policy_lets_the_group_move_a_stored_position(stored: Position, foreign: GroupOffset) -> None:
    log = Log(0, 1000, stored.topic_id)
    for policy in ("ignore", "take"):
        at = Policies(on_group_offsets=policy).place(PART, stored, foreign, log)  # type: ignore[arg-type]
        assert at == stored


def test_the_offset_of_a_group_that_is_taken_keeps_its_epoch() -> None:
    taking = Policies(on_group_offsets="take")
    assert taking.place(PART, None, GroupOffset(15, 4), Log(0, 20)) == Position(15, 4)


def test_a_diverged_log_is_an_error_even_where_the_offset_exists() -> None:
    with pytest.raises(PositionLostError, match="were replaced on the broker"):
        Policies().place(PART, Position(10), None, Log(0, 20), diverged=True)


def test_a_recreated_topic_ignores_what_the_group_had_of_the_old_one() -> None:
    accepting = Policies(on_recreated_topic="accept")
    at = accepting.place(PART, Position(10, 1, "old"), GroupOffset(15), Log(0, 20, "new"))
    assert at == Position(0, -1, "new")


@given(st.dictionaries(st.builds(TopicPartition, st.text(), st.integers(0, 9)), positions))
def test_positions_survive_json(known: dict[TopicPartition, Position]) -> None:
    assert from_json(json.loads(json.dumps(to_json(known)))) == known


def test_a_snapshot_is_sorted_and_none_is_empty() -> None:
    snapshot = to_json({TopicPartition("b", 0): Position(1), TopicPartition("a", 1): Position(2)})
    assert [row["topic"] for row in snapshot["partitions"]] == ["a", "b"]
    assert from_json(None) == {}
