"""Records from before the stream become a uniform sample of the stream's rows, in two parts that never meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.record import LocalRecord
from daemon.intake.labels.options import ClassLabel, NumberLabel
from daemon.intake.reference.reading import UnusableReferenceError
from strategies.provenance import UNKNOWN
from tests.daemon.intake.reference.before import before, reader
from tests.daemon.same_state import assert_same_state, chunks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemon.intake.reference.reading import ReferenceReader
    from daemon.intake.reference.rows import ReferenceRows
    from strategies.storage import RowStorage


def read(
    made: ReferenceReader, records: Sequence[LocalRecord], *, sizes: Sequence[int] = (100,), seed: int = 0
) -> ReferenceRows:
    groups = (records[part] for part in chunks(len(records), sizes) if records[part])
    return made.read(groups, seed=seed, max_rejected_share=0.5)


def numbers(part: RowStorage) -> list[int]:
    """The numbers of a part's rows, which are in their first column."""
    return [int(x) for x in part.read(np.arange(part.capacity)).x[:, 0]]


def test_all_rows_are_kept_where_there_is_room_and_each_is_in_one_part() -> None:
    rows = read(reader(rows=500), before(300))
    probes, mixable = numbers(rows.probes), numbers(rows.mixable)
    assert sorted(probes + mixable) == list(range(300))
    assert 110 < len(probes) < 190
    assert rows.names == ("a", "b", "c")


@settings(max_examples=20)
@given(
    share=st.floats(0, 1),
    seed=st.integers(0, 999),
    kept=st.integers(1, 120),
    sizes=st.lists(st.integers(1, 90), min_size=1, max_size=3),
)
def test_the_parts_depend_on_seed_and_records_alone(share: float, seed: int, kept: int, sizes: list[int]) -> None:
    records = before(90)
    first = read(reader(rows=kept, probe_share=share), records, seed=seed)
    again = read(reader(rows=kept, probe_share=share), records, seed=seed, sizes=sizes)
    assert_same_state(first.state_dict(), again.state_dict())
    assert not set(numbers(first.probes)) & set(numbers(first.mixable))
    assert first.probes.capacity + first.mixable.capacity == min(kept, 90)


@pytest.mark.parametrize(("share", "probes"), [(0, 0), (1, 80)])
def test_a_share_of_all_or_nothing_is_exact(share: float, probes: int) -> None:
    rows = read(reader(probe_share=share), before(80))
    assert (rows.probes.capacity, rows.mixable.capacity) == (probes, 80 - probes)


def test_the_sample_is_uniform_over_all_that_was_read() -> None:
    counts = np.zeros(60)
    for seed in range(300):
        rows = read(reader(rows=12, seed=seed), before(60))
        counts[numbers(rows.probes) + numbers(rows.mixable)] += 1
    assert counts.sum() == 300 * 12
    assert float(((counts - 60) ** 2 / (60 * 0.8)).sum()) < 125  # chi square, 59 degrees: 1e-6 lie above


def test_rows_are_of_no_known_task_and_remember_where_they_are_from() -> None:
    rows = read(reader(probe_share=0), before(9)).mixable.read(np.arange(9))
    assert set(rows.task.tolist()) == {UNKNOWN}
    assert sorted(rows.provenance[:, 2].tolist()) == list(range(9))


def test_labels_are_those_of_the_streams_own_encoder() -> None:
    label = ClassLabel(classes=("class 2", "class 1", "class 0"))
    records = before(30)
    rows = read(reader(probe_share=0, label=label), records).mixable.read(np.arange(30))
    for number, y in zip(rows.x[:, 0].int().tolist(), rows.y.tolist(), strict=True):
        assert orjson.loads(records[number].value or b"")["y"] == f"class {2 - y}"


def test_targets_of_a_regression_are_numbers() -> None:
    records = before(30, regression=True)
    rows = read(reader(probe_share=0, label=NumberLabel()), records).mixable.read(np.arange(30))
    for number, y in zip(rows.x[:, 0].int().tolist(), rows.y.tolist(), strict=True):
        assert y == pytest.approx(orjson.loads(records[number].value or b"")["y"], rel=1e-6)


def test_features_that_look_back_see_the_records_of_before_and_zeros_ahead_of_them() -> None:
    features = {"lags": [{"field": "a", "steps": [2]}], "label_lags": 1}
    rows = read(reader(features=features, probe_share=0), before(40))
    x = rows.mixable.read(np.arange(40)).x
    place = list(rows.names).index("a_lag2")
    assert x[:, place].tolist() == [max(number - 2, 0) for number in x[:, 0].tolist()]
    assert not x[0, list(rows.names).index("label_lag1_0") :].any()


def test_what_cannot_be_used_is_left_out() -> None:
    records = before(40)
    records[7:9] = [LocalRecord("before", 0, n, -1, None, b"nonsense", []) for n in (7, 8)]
    made = reader(probe_share=0)
    assert sorted(set(range(40)) - set(numbers(read(made, records).mixable))) == [7, 8]
    assert (made.records, made.rejected) == (40, 2)


def bad(count: int) -> list[LocalRecord]:
    return [LocalRecord("before", 0, n, -1, None, b'{"a": 1}', []) for n in range(count)]


@pytest.mark.parametrize(
    ("records", "options", "words"),
    [
        ([], {}, "holds no record"),
        (bad(5), {}, "5 of its 5 records cannot be used; the first: Feature 'b' is absent or null"),
        (before(4) + bad(5), {}, "5 of its 9 records cannot be used"),
        (before(9), {"label": ClassLabel(classes=("up", "down"))}, "'class . is not one of the 2 known"),
        (
            before(9),
            {"features": {"lags": [{"field": "aa"}]}},
            "no field named 'aa' in the events; did you mean 'a'",
        ),
    ],
)
def test_too_few_usable_records_are_an_error_with_the_reason(
    records: list[LocalRecord], options: dict[str, Any], words: str
) -> None:
    with pytest.raises(UnusableReferenceError, match=words.replace(". is", ".* is")):
        read(reader(**options), records)
