"""Several events in one message, each with a position of its own."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.record import EventRecord, event_index, event_position
from tests.connectors.decoders.messages.opened import message, opened

BATCH = {"id": "a", "readings": [{"t": 1.0, "y": "up"}, {"t": 2.0, "y": "down"}]}
OPTIONS: dict[str, Any] = {"explode": "readings", "label": "readings.y", "key": "id", "features": ("readings.t",)}


def test_each_element_is_an_event_with_the_messages_other_fields_and_a_position() -> None:
    sent = message(BATCH, offset=7)
    rows, rejects = opened(sent, message(BATCH, offset=9), **OPTIONS)
    assert not rejects
    assert rows.x.tolist() == [[1.0], [2.0]] * 2
    assert (rows.label, rows.key) == (["up", "down"] * 2, [b"a"] * 4)
    assert [(each.offset, event_index(each)) for each in rows.records] == [(7, 0), (7, 1), (9, 0), (9, 1)]
    assert len({event_position(each) for each in rows.records}) == 4
    assert {each.value for each in rows.records} == {sent.value}


def test_a_message_that_is_one_event_has_the_position_that_it_always_had() -> None:
    rows, _ = opened(message({"t": 1.0}, offset=7))
    assert [(event_index(each), event_position(each)) for each in rows.records] == [(None, 7)]


@pytest.mark.parametrize(
    ("sent", "name", "feature"),
    [
        ({"data": {"of": {"all": [{"t": 1}, {"t": 2}]}}}, "data.of.all", "data.of.all.t"),
        ({"t": [1, 2]}, "t", "t"),
        ([{"t": 1}, {"t": 2}], ".", "t"),
        ({"data.all": [1, 2]}, "data.all", "data.all"),
    ],
)
def test_the_list_may_be_anywhere(sent: Any, name: str, feature: str) -> None:
    rows, rejects = opened(message(sent), explode=name, features=(feature,))
    assert not rejects
    assert rows.x.tolist() == [[1.0], [2.0]]


def test_one_event_that_is_bad_is_rejected_with_its_index_and_the_others_pass() -> None:
    readings = [{"t": 1.0, "y": "up"}, 3, {"t": "hot", "y": "up"}, {"t": 2.0, "y": "down"}, {"t": 1e39, "y": "up"}]
    sent = message({"id": "a", "readings": readings}, offset=7)
    rows, rejects = opened(message(b"{", offset=6), sent, message({}, offset=8), **OPTIONS)
    assert rows.x.tolist() == [[1.0], [2.0]]
    places = [(each.record.offset, event_index(each.record), each.reason) for each in rejects]
    assert places == [
        (6, None, "undecodable"),
        (7, 1, "missing_field"),
        (7, 2, "wrong_type"),
        (7, 4, "not_finite"),
        (8, None, "missing_field"),
    ]
    assert all(each.record.value == sent.value for each in rejects[1:4])


def test_elements_of_a_list_that_is_the_message_have_to_be_objects() -> None:
    _, [reject] = opened(message([{"t": 1}, 3]), explode=".", features=("t",))
    assert (event_index(reject.record), reject.message) == (1, "The event is a number; expected an object.")


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ({"id": "a"}, "missing_field"),
        ({"readings": None}, "missing_field"),
        ({"readings": {"t": 1}}, "wrong_type"),
        ([{"t": 1}], "missing_field"),
        ({"readings": [{}] * 4}, "too_large"),
    ],
)
def test_a_message_without_a_list_or_with_too_many_events_is_rejected_whole(sent: Any, reason: str) -> None:
    _, [reject] = opened(message(sent), **OPTIONS, max_events=3)
    assert (reject.reason, event_index(reject.record)) == (reason, None)


def test_of_an_empty_list_there_is_nothing() -> None:
    rows, rejects = opened(message({"readings": []}), **OPTIONS)
    assert (len(rows), rejects) == (0, [])


def test_an_envelope_is_opened_before_the_list_in_it() -> None:
    sent = message({"specversion": "1.0", "type": "batch", "data": BATCH}, offset=7)
    rows, _ = opened(sent, envelope="cloudevents", task="ce_type", **OPTIONS)
    assert (rows.x.tolist(), rows.task) == ([[1.0], [2.0]], ["batch"] * 2)
    assert all(isinstance(each, EventRecord) for each in rows.records)
