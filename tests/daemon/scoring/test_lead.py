"""A lead is over the same rows, whatever else either has predicted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from daemon.scoring.lead import Lead
from daemon.scoring.prequential import Prequential
from daemon.scoring.scores import accuracy, r2_clipped

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINDOW = 12
FEW = st.integers(0, 30)


def scored(prediction: NDArray[Any], label: NDArray[Any], no_change: NDArray[Any]) -> Prequential:
    """The score of these predictions, which came in two parts."""
    made = Prequential(WINDOW, classification=label.dtype == np.int64, max_tasks=1)
    for part in (slice(0, len(label) // 3), slice(len(label) // 3, None)):
        rows = prediction[part], label[part], no_change[part]
        made.update(rows[0], label=rows[1], task=np.zeros(len(rows[1]), np.int64), no_change=rows[2])
    return made


def shifted(label: NDArray[Any], none: float) -> NDArray[Any]:
    return np.concatenate((np.array([none], label.dtype), label[:-1]))


@st.composite
def streams(draw: st.DrawFn, *, classes: bool) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Labels, and what two have predicted."""
    rows = draw(st.integers(1, 40))
    # Labels that differ by less than a sum of a window can tell are one label to a running score.
    numbers = st.integers(-100_000, 100_000).map(lambda thousandths: float(np.float32(thousandths / 1_000)))
    elements: Any = st.integers(0, 2) if classes else numbers
    kind: Any = np.int64 if classes else np.float32
    label, one, other = (draw(arrays(kind, rows, elements=elements)) for _ in range(3))
    return label, one, other


@pytest.mark.parametrize("classes", [True, False])
@given(data=st.data(), late=FEW, waiting=FEW)
def test_a_lead_is_over_the_rows_of_the_window_that_both_have_predicted(
    *, classes: bool, data: st.DataObject, late: int, waiting: int
) -> None:
    label, one, other = data.draw(streams(classes=classes))
    repeated = shifted(label, -1 if classes else float("nan"))
    stop = max(0, len(label) - waiting)
    late = min(late, stop)
    mine, theirs = scored(one, label, repeated), scored(other[late:stop], label[late:stop], repeated[late:stop])
    lead = mine.lead_over(theirs, waiting=len(label) - stop)
    both = np.arange(max(late, len(label) - WINDOW), stop)
    score: Any = accuracy if classes else r2_clipped
    wanted = score(one[both], label[both]) if len(both) else None
    if wanted is None:
        assert lead is None
        return
    assert lead is not None
    assert lead.rows == len(both)
    assert lead.score == pytest.approx(wanted, abs=1e-4)
    assert lead.other == pytest.approx(score(other[both], label[both]), abs=1e-4)


@given(streams(classes=True))
def test_the_lead_over_no_change_is_on_the_rows_that_have_a_last_label(
    stream: tuple[NDArray[Any], NDArray[Any], NDArray[Any]],
) -> None:
    label, one, _ = stream
    repeated = shifted(label, -1)
    lead = scored(one, label, repeated).lead_over_no_change()
    rows = np.arange(max(1, len(label) - WINDOW), len(label))
    if not len(rows):
        assert lead is None
        return
    assert lead is not None
    assert (lead.rows, lead.score) == (len(rows), pytest.approx(accuracy(one[rows], label[rows])))
    assert lead.other == pytest.approx(accuracy(repeated[rows], label[rows]))


def test_two_who_have_predicted_other_rows_are_not_compared() -> None:
    label = np.arange(8, dtype=np.int64) % 2
    repeated = np.array([-1, *label[:3], 0, 0, 0, 0])
    sparse = np.array([-1, *label[:3], 1, 1, 1, 1])
    assert scored(label, label, repeated).lead_over(scored(label, label, sparse)) is None


def test_numbers_that_either_could_not_predict_count_for_neither() -> None:
    label = np.arange(5, dtype=np.float32)
    broken = np.array([0, np.nan, 2, 3, np.inf], np.float32)
    repeated = shifted(label, float("nan"))
    lead = scored(label, label, repeated).lead_over(scored(broken, label, repeated))
    assert lead is not None
    assert (lead.rows, lead.lead) == (3, 0.0)


@pytest.mark.parametrize(
    ("loss", "other", "deviations"),
    [
        ([0, 0, 1, 1], [1, 1, 0, 0], 0.0),
        ([0, 0, 0, 0], [1, 1, 1, 1], math.inf),
        ([1, 1], [0, 0], -math.inf),
        ([1, 0], [1, 0], 0.0),
        ([0, 0, 0, 0], [1, 0, 1, 0], 2.0),
    ],
)
def test_a_lead_is_told_in_its_own_standard_errors(loss: list[int], other: list[int], deviations: float) -> None:
    lead = Lead.of(np.array(loss, float), np.array(other, float), scale=len(loss))
    assert lead is not None
    assert lead.deviations == pytest.approx(deviations)
