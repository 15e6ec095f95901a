from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.intake.features.options import FeaturesSection
from daemon.intake.features.stream import StreamFeatures
from tests.daemon.intake.features.row_by_row import row_by_row
from tests.daemon.same_state import assert_same_state, chunks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FIELDS = ["0", "1", "2"]
EVERYTHING: dict[str, Any] = {
    "lags": [{"field": "2", "steps": [3]}, {"field": "0", "steps": [1]}],
    "differences": [{"field": "1", "steps": 2}],
    "label_lags": 2,
    "rolling": [{"field": "2", "window": 4}, {"field": "0", "window": 2}],
}
TIMES: dict[str, Any] = {"cyclic": [{"period": "day"}, {"field": "1", "period": 7}], "hour": True, "weekday": True}
SIZES = st.lists(st.integers(1, 9), min_size=1, max_size=4)
KEYS = st.lists(st.sampled_from([None, b"", b"a", b"b", b"c", b"d" * 70]), min_size=1, max_size=60)


def section(**options: Any) -> FeaturesSection:
    return FeaturesSection.model_validate(options)


def stream(rows: int, *, seed: int = 0, width: int = 3) -> tuple[Floats, Floats, Floats]:
    rng = np.random.default_rng(seed)
    clock = np.asarray(1.7e9 + rng.integers(0, 10**7, size=rows), dtype=np.float64)
    clock[rng.random(rows) < 0.2] = np.nan
    labels: Floats = rng.choice([-1.0, 1.0], size=(rows, 1))
    return rng.normal(scale=1e3, size=(rows, width)), labels, clock


def transformed(
    features: StreamFeatures, columns: tuple[Floats, Floats, Floats], keys: Sequence[bytes | None], sizes: list[int]
) -> Floats:
    x, labels, clock = columns
    pieces = [
        features.transform(x[rows], key=keys[rows], label_values=labels[rows], time=clock[rows])
        for rows in chunks(len(x), sizes)
    ]
    return np.concatenate(pieces)


@given(keys=KEYS, sizes=SIZES, per_key=st.booleans(), max_keys=st.integers(1, 6))
@settings(max_examples=150)
def test_features_equal_those_computed_row_by_row_however_rows_are_grouped(
    *, keys: list[bytes | None], sizes: list[int], per_key: bool, max_keys: int
) -> None:
    options = section(**EVERYTHING, per_key=per_key, max_keys=max_keys)
    x, labels, clock = stream(len(keys))
    found = transformed(StreamFeatures(options, FIELDS, label_width=1), (x, labels, clock), keys, sizes)
    expected = row_by_row(options, x.tolist(), key=keys, labels=labels.tolist())
    assert found.tolist() == expected


@given(keys=KEYS, sizes=SIZES, cut=st.integers(0, 60), per_key=st.booleans())
@settings(max_examples=60)
def test_a_restored_history_goes_on_bit_for_bit(
    *, keys: list[bytes | None], sizes: list[int], cut: int, per_key: bool
) -> None:
    options = section(**EVERYTHING, **TIMES, per_key=per_key, max_keys=3)
    columns = stream(len(keys))
    through, before, after = (StreamFeatures(options, FIELDS, label_width=1) for _ in range(3))
    expected = transformed(through, columns, keys, [len(keys)])

    def part(rows: slice) -> tuple[Floats, Floats, Floats]:
        return columns[0][rows], columns[1][rows], columns[2][rows]

    cut = min(cut, len(keys) - 1)
    if cut:
        transformed(before, part(slice(cut)), keys[:cut], sizes)
    after.load_state_dict(before.state_dict())
    found = transformed(after, part(slice(cut, None)), keys[cut:], sizes)
    assert found.tobytes() == expected[cut:].tobytes()
    assert_same_state(after.state_dict(), through.state_dict())


@given(row=st.integers(0, 29), per_key=st.booleans())
def test_a_label_never_reaches_its_own_row_or_an_earlier_one(*, row: int, per_key: bool) -> None:
    options = section(label_lags=3, per_key=per_key)
    x, labels, clock = stream(30)
    keys = [b"ab"[place % 2 :] for place in range(30)]
    seen = transformed(StreamFeatures(options, FIELDS, label_width=1), (x, labels, clock), keys, [30])
    labels[row] = 1e6
    changed = transformed(StreamFeatures(options, FIELDS, label_width=1), (x, labels, clock), keys, [30])
    assert (changed[: row + 1] == seen[: row + 1]).all()
    reached = np.flatnonzero((changed != seen).any(axis=1)).tolist()
    distance = 2 if per_key else 1
    assert reached == [place for place in (row + distance * lag for lag in (1, 2, 3)) if place < 30]


def test_columns_come_in_the_order_of_their_names() -> None:
    options = section(
        **{**EVERYTHING, "lags": [{"field": "0", "steps": [1, 2]}, {"field": "2"}]}, **TIMES, drop=["1"]
    )
    features = StreamFeatures(options, FIELDS, label_width=2)
    assert features.names == [
        *("0", "2", "0_lag1", "2_lag1", "0_lag2", "1_difference2"),
        *("label_lag1_0", "label_lag1_1", "label_lag2_0", "label_lag2_1"),
        *("time_sin_day", "time_cos_day", "1_sin_7", "1_cos_7", "hour", "weekday"),
        *("2_mean4", "2_deviation4", "0_mean2", "0_deviation2"),
    ]
    x = np.array([[1.0, 0.0, 10.0], [2.0, 1.75, 30.0]])
    clock = np.array([np.nan, 4 * 86_400.0 + 6 * 3_600.0])  # a Monday, at six
    out = features.transform(x, key=[None] * 2, label_values=np.eye(2), time=clock)
    assert out.shape == (2, len(features.names))
    assert out[0] == pytest.approx([1, 10, *[0] * 4, *[0] * 4, 0, 0, 0, 1, 0, 0, 10, 0, 1, 0])
    assert out[1] == pytest.approx([2, 30, 1, 10, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 6, 0, 20, 10, 1.5, 0.5], abs=1e-12)


def test_a_logarithmic_field_is_so_in_everything_that_is_made_of_it() -> None:
    options = section(logarithmic=["1"], lags=[{"field": "1"}, {"field": "2"}])
    x = np.array([[1.0, -(np.e**2 - 1), 3.0], [4.0, np.e**5 - 1, 6.0]])
    given = x.copy()
    found = StreamFeatures(options, FIELDS, label_width=1).transform(
        x, key=[None] * 2, label_values=np.zeros((2, 1)), time=np.zeros(2)
    )
    assert found == pytest.approx(np.array([[1, -2, 3, 0, 0], [4, 5, 6, -2, 3]]))
    assert (x == given).all()


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=3, max_size=30), SIZES)
def test_all_fields_may_be_logarithmic_and_stay_finite_and_in_order(values: list[float], sizes: list[int]) -> None:
    x = np.array(values[: len(values) // 3 * 3]).reshape(-1, 3)
    features = StreamFeatures(section(logarithmic="all"), FIELDS, label_width=1)
    rows = len(x)
    found = transformed(features, (x, np.zeros((rows, 1)), np.zeros(rows)), [None] * rows, sizes)
    assert np.isfinite(found).all()
    assert (np.sign(found) == np.sign(x)).all()
    order = np.argsort(x.ravel(), kind="stable")
    assert (np.diff(found.ravel()[order]) >= 0).all()


def test_rows_without_declared_features_pass_unchanged() -> None:
    x, labels, clock = stream(5)
    features = StreamFeatures(section(), FIELDS, label_width=1)
    assert (features.transform(x, key=[None] * 5, label_values=labels, time=clock) == x).all()


@pytest.mark.parametrize(
    ("options", "path", "message"),
    [
        ({"lags": [{"field": "lood"}]}, ("features", "lags", 0, "field"), "did you mean 'load'"),
        ({"rolling": [{"field": "xyz", "window": 3}]}, ("features", "rolling", 0, "field"), "load, wind"),
        ({"drop": ["load", "wnd"]}, ("features", "drop", 1), "did you mean 'wind'"),
        ({"logarithmic": ["lod"]}, ("features", "logarithmic", 0), "did you mean 'load'"),
        ({"cyclic": [{"field": "tim", "period": 2}]}, ("features", "cyclic", 0, "field"), "no field named 'tim'"),
    ],
)
def test_an_unknown_field_is_an_error_that_names_its_place_and_the_nearest_field(
    options: dict[str, Any], path: tuple[Any, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        StreamFeatures(section(**options), ["load", "wind"], label_width=1)
    assert getattr(raised.value, "path", None) == path


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"drop": FIELDS}, "leaves nothing"),
        ({"lags": [{"field": "0"}, {"field": "0", "steps": [1, 2]}]}, "0_lag1 would be there twice"),
    ],
)
def test_features_that_make_no_sense_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        StreamFeatures(section(**options), FIELDS, label_width=1)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"lags": [{"field": "0"}]}, "saved state has the features"),
        ({"label_lags": 1, "per_key": True}, "per_key differs"),
        ({"label_lags": 1, "logarithmic": ["1"]}, "other logarithmic fields"),
    ],
)
def test_the_state_of_other_features_is_refused(other: dict[str, Any], message: str) -> None:
    saved = StreamFeatures(section(label_lags=1), FIELDS, label_width=1).state_dict()
    with pytest.raises(ValueError, match=message):
        StreamFeatures(section(**other), FIELDS, label_width=1).load_state_dict(saved)


def test_memory_stays_bounded_by_the_number_of_keys() -> None:
    features = StreamFeatures(section(**EVERYTHING, per_key=True, max_keys=8), FIELDS, label_width=1)
    for turn in range(20):
        keys = [b"%d" % (50 * turn + row) for row in range(50)]
        transformed(features, stream(50, seed=turn), keys, [50])
    state = features.state_dict()["history"]
    assert state["seen"].tolist() == [1] * 8
    assert state["values"].shape == (8, 3, 3)
    assert features._history._values.values.shape[0] <= 16


def test_two_lags_of_sixteen_features_take_less_than_a_microsecond_a_row() -> None:
    fields = [f"sensor{place}" for place in range(16)]
    options = section(lags=[{"field": name, "steps": [1, 2]} for name in fields])
    features = StreamFeatures(options, fields, label_width=1)
    x, labels, clock = stream(500, width=16)
    fastest = np.inf
    for _ in range(50):
        start = time.perf_counter()
        features.transform(x, key=[None] * 500, label_values=labels, time=clock)
        fastest = min(fastest, time.perf_counter() - start)
    assert fastest / 500 < 1e-6  # 0.2 µs where it was measured
