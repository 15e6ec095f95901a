from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.scoring.prequential import Prequential
from tests.daemon.same_state import assert_same_state, chunks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from daemon.scoring.prequential_score import PrequentialScore

    Columns = dict[str, NDArray[Any]]

SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=4)


def stream(rows: int, *, classification: bool) -> Columns:
    rng = np.random.default_rng(0)
    columns: Columns = {"task": rng.integers(3, size=rows)}
    for name in ("prediction", "label", "no_change"):
        columns[name] = rng.integers(3, size=rows) if classification else 10 + rng.standard_normal(rows, np.float32)
    return columns


def feed(prequential: Prequential, columns: Columns, rows: slice = slice(None)) -> None:
    cut = {name: column[rows] for name, column in columns.items()}
    prequential.update(cut.pop("prediction"), **cut)


def fresh(*, classification: bool, window: int = 10) -> Prequential:
    return Prequential(window, classification=classification, max_tasks=3)


def scores_of(prequential: Prequential) -> list[PrequentialScore]:
    return [prequential.windowed(), prequential.total(), *(prequential.of_task(j) for j in range(3))]


def test_before_the_first_row_everything_is_undefined() -> None:
    for classification in (True, False):
        for score in scores_of(fresh(classification=classification)):
            assert (score.rows, score.accuracy, score.kappa, score.mae, score.r2) == (0, None, None, None, None)


@pytest.mark.parametrize("rows", [4, 10, 37])
def test_windowed_total_and_task_accuracy_are_over_their_rows(rows: int) -> None:
    columns = stream(rows, classification=True)
    prequential = fresh(classification=True)
    feed(prequential, columns)
    correct = columns["prediction"] == columns["label"]
    assert prequential.windowed().accuracy == pytest.approx(correct[-10:].mean())
    assert prequential.windowed().rows == min(rows, 10)
    assert prequential.total().accuracy == pytest.approx(correct.mean())
    assert prequential.of_task(1).accuracy == pytest.approx(correct[columns["task"] == 1].mean())


@pytest.mark.parametrize("rows", [2, 10, 37])
def test_windowed_and_total_regression_figures_are_over_their_rows(rows: int) -> None:
    columns = stream(rows, classification=False)
    prequential = fresh(classification=False)
    feed(prequential, columns)
    for score, part in ((prequential.windowed(), slice(-10, None)), (prequential.total(), slice(None))):
        y = columns["label"][part].astype(float)
        error = columns["prediction"][part] - y
        assert score.mae == pytest.approx(np.abs(error).mean())
        assert score.rmse == pytest.approx(np.sqrt((error**2).mean()))
        assert score.r2 == pytest.approx(1 - (error**2).sum() / ((y - y.mean()) ** 2).sum())
        assert score.skill == pytest.approx(1 - (error**2).sum() / ((columns["no_change"][part] - y) ** 2).sum())


def test_the_window_sees_a_small_variance_far_from_where_the_stream_began() -> None:
    prequential = fresh(classification=False, window=4)
    label = np.concatenate([[0], 16_000_000 + np.arange(4)]).astype(np.float32)
    prequential.update(label + 1, label=label, task=np.zeros(5, np.int64))
    assert prequential.windowed().r2 == pytest.approx(1 - 4 / 5)


def test_a_window_of_equal_labels_has_no_r2() -> None:
    prequential = fresh(classification=False, window=4)
    label = np.array([0, 0.1, 0.1, 0.1, 0.1], dtype=np.float32)
    prequential.update(label + 1, label=label, task=np.zeros(5, np.int64))
    assert prequential.windowed().r2 is None
    assert prequential.total().r2 is not None


def test_predictions_that_are_not_finite_leave_the_window_again() -> None:
    prequential = fresh(classification=False, window=2)
    prequential.update(
        np.array([np.nan, 1, 2], np.float32), label=np.array([1, 1, 3], np.float32), task=np.zeros(3, np.int64)
    )
    assert (prequential.windowed().not_finite, prequential.total().not_finite) == (0, 1)
    assert prequential.total().mae == pytest.approx(0.5)


def test_no_rows_change_nothing() -> None:
    prequential = fresh(classification=False)
    before = prequential.state_dict()
    feed(prequential, stream(0, classification=False))
    assert_same_state(prequential.state_dict(), before)


@pytest.mark.parametrize("classification", [True, False])
@given(rows=st.integers(1, 90), sizes=SIZES)
def test_neither_grouping_nor_a_restart_changes_a_bit(*, classification: bool, rows: int, sizes: list[int]) -> None:
    columns = stream(rows, classification=classification)
    whole, pieces = fresh(classification=classification), fresh(classification=classification)
    feed(whole, columns)
    for piece in chunks(rows, sizes):
        feed(pieces, columns, piece)
        saved, pieces = pieces.state_dict(), fresh(classification=classification)
        pieces.load_state_dict(saved)
    assert_same_state(pieces.state_dict(), whole.state_dict())
    assert scores_of(pieces) == scores_of(whole)


def test_a_long_call_has_the_bits_of_many_short_ones() -> None:
    columns = stream(5_000, classification=False)
    whole, pieces = fresh(classification=False), fresh(classification=False)
    feed(whole, columns)
    for piece in chunks(5_000, [1, 17, 128, 1000]):
        feed(pieces, columns, piece)
    assert_same_state(pieces.state_dict(), whole.state_dict())


def test_a_state_of_another_window_is_refused_with_the_settings_name() -> None:
    state = fresh(classification=True).state_dict()
    with pytest.raises(ValueError, match=r"retention\.window is 11, but .* 10"):
        fresh(classification=True, window=11).load_state_dict(state)
