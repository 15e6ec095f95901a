from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.intake.labels.vocabulary import Vocabulary
from tests.daemon.same_state import chunks

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 12),
    st.sampled_from([0.5, 3.0, float("nan")]),
    st.sampled_from("abc3"),
)


def reasons(vocabulary: Vocabulary, values: list[Any]) -> list[str]:
    return [fault.reason for fault in vocabulary.encode(values).faults]


@given(values=st.lists(VALUES, max_size=40), sizes=st.lists(st.integers(1, 7), min_size=1, max_size=3))
@settings(suppress_health_check=[HealthCheck.too_slow])  # its first draw reads all our sources
def test_codes_do_not_depend_on_how_values_are_grouped(values: list[Any], sizes: list[int]) -> None:
    at_once, in_parts = Vocabulary(None, limit=5), Vocabulary(None, limit=5)
    expected = at_once.encode(values)
    parts = [in_parts.encode(values[rows]) for rows in chunks(len(values), sizes)]
    assert [code for part in parts for code in part.values.tolist()] == expected.values.tolist()
    assert [taken for part in parts for taken in part.accepted.tolist()] == expected.accepted.tolist()
    assert [fault[1:] for part in parts for fault in part.faults] == [fault[1:] for fault in expected.faults]
    assert in_parts.state_dict() == at_once.state_dict()
    assert expected.values.dtype == np.int64
    assert len(expected.values) == expected.accepted.sum() == len(values) - len(expected.faults)


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ([3, "3", 3.0, np.int64(3), np.float64(3)], ["3"]),
        ([True, "true", np.bool_(True)], ["true"]),
        ([1, True, 1.0, False, 0], ["1", "true", "false", "0"]),
        ([2.5, "2.5"], ["2.5"]),
        (["3.0", 3], ["3.0", "3"]),
        ([-0.0, 0], ["0"]),
    ],
)
def test_numbers_and_text_that_mean_the_same_are_one_class(values: list[Any], names: list[str]) -> None:
    vocabulary = Vocabulary(None, limit=9)
    assert vocabulary.encode(values).accepted.all()
    assert vocabulary.names == names


def test_an_open_set_takes_names_up_to_its_limit_and_then_refuses() -> None:
    vocabulary = Vocabulary(None, limit=2)
    codes, accepted, faults = vocabulary.encode(["b", "a", "c", "b"])
    assert codes.tolist() == [0, 1, 0]
    assert accepted.tolist() == [True, True, False, True]
    assert [(fault.row, fault.reason) for fault in faults] == [(2, "unknown_class")]
    assert "max_classes" in faults[0].message
    assert len(vocabulary) == 2


def test_a_closed_set_knows_its_names_in_their_order() -> None:
    vocabulary = Vocabulary(["ok", "fault"], limit=2)
    assert vocabulary.encode(["fault", "ok"]).values.tolist() == [1, 0]
    assert reasons(vocabulary, ["Fault"]) == ["unknown_class"]


def test_what_is_no_class_is_rejected_with_its_reason() -> None:
    values = [None, "", float("nan"), float("inf"), [1], {"a": 1}, b"x"]
    expected = ["missing_label"] * 2 + ["not_finite"] * 2 + ["wrong_type"] * 3
    assert reasons(Vocabulary(None, limit=9), values) == expected
    assert [reasons(Vocabulary(None, limit=9), [value]) for value in values] == [[reason] for reason in expected]


def test_saved_names_keep_their_codes() -> None:
    vocabulary, restored = Vocabulary(None, limit=3), Vocabulary(None, limit=3)
    vocabulary.encode(["z", "a"])
    restored.load_state_dict(vocabulary.state_dict())
    assert restored.encode(["a", "m", "z"]).values.tolist() == [1, 2, 0]


@pytest.mark.parametrize(
    ("vocabulary", "key"),
    [(Vocabulary(["a", "b"], limit=2), "classes"), (Vocabulary(None, limit=1), "max_classes")],
)
def test_saved_names_that_contradict_the_configuration_are_refused(vocabulary: Vocabulary, key: str) -> None:
    with pytest.raises(ValueError, match=key):
        vocabulary.load_state_dict({"names": ["b", "a"]})


def test_known_text_is_encoded_in_a_fraction_of_a_microsecond() -> None:
    vocabulary, values = Vocabulary(None, limit=6), [f"class {place % 6}" for place in range(500)]
    fastest = np.inf
    for _ in range(50):
        start = time.perf_counter()
        vocabulary.encode(values)
        fastest = min(fastest, time.perf_counter() - start)
    assert fastest / 500 < 0.4e-6  # 0.08 µs where it was measured
