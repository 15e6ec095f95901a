from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.structs import OffsetAndMetadata

from connectors.kafka.claims import MOST_CLAIMS, NOTHING, GroupOffset

commits = st.lists(st.tuples(st.sampled_from(["one", "two", "three"]), st.integers(0, 2**63 - 1)), max_size=60)


@given(commits)
def test_what_is_committed_comes_back_and_fits_into_the_metadata_of_a_broker(course: list[tuple[str, int]]) -> None:
    group = NOTHING
    for model, offset in course:
        group = group.followed_by(model, offset, 3)
        read = GroupOffset.of(group.to_kafka())
        assert read == group
        assert (read.offset, read.model is not None) == (offset, True)
        assert len(read.claims) <= MOST_CLAIMS
        assert len(group.to_kafka().metadata) < 4096


def test_a_claim_follows_its_model_and_others_stay_before_it() -> None:
    group = NOTHING.followed_by("one", 5, -1).followed_by("one", 8, -1).followed_by("two", 9, -1)
    assert [(claim.model, claim.end) for claim in group.claims] == [("one", 8), ("two", 9)]
    assert (group.learned_by("one"), group.learned_by("two"), group.learned_by("three")) == (8, 9, -1)
    assert group.followed_by("one", 9, -1) == group  # nothing new is learned


@pytest.mark.parametrize(
    "metadata",
    [
        "",
        "written by hand",
        "{}",
        "[1]",
        '{"retaind":2,"claims":[["one",7]]}',
        '{"retaind":1}',
        '{"retaind":1,"claims":[]}',
        '{"retaind":1,"claims":[["one"]]}',
        '{"retaind":1,"claims":[["one",6]]}',
        "[" * 5000,
    ],
)
def test_metadata_that_is_not_ours_or_of_another_offset_makes_no_claim(metadata: str) -> None:
    assert GroupOffset.of(OffsetAndMetadata(7, metadata, 2)) == GroupOffset(7, 2)
