from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from daemon.scoring.prequential_score import PrequentialScore, class_score, class_terms, number_score, number_terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Values = Sequence[float] | NDArray[np.float32]


def score_classes(prediction: Values, label: Values, *, no_change: Values | None = None) -> PrequentialScore:
    reference = None if no_change is None else np.array(no_change)
    terms = class_terms(np.array(prediction), label=np.array(label), no_change=reference)
    return class_score(terms.sum(axis=0))


def score_numbers(
    prediction: Values, label: Values, *, no_change: Values | None = None, origin: float = 0.0
) -> PrequentialScore:
    predicted, y = np.array(prediction, np.float32), np.array(label, np.float32)
    reference = None if no_change is None else np.array(no_change, np.float32)
    terms = number_terms(predicted, label=y, no_change=reference, origin=origin)
    return number_score(terms.sum(axis=0))


def test_kappa_by_hand() -> None:
    # of the four rows with a last label the model has three right and repeating it one: (3/4 - 1/4) / (1 - 1/4)
    score = score_classes([1, 1, 1, 2, 0], [1, 1, 1, 2, 2], no_change=[-1, 0, 1, 1, 1])
    assert (score.rows, score.accuracy, score.no_change_accuracy) == (5, 0.8, 0.25)
    assert score.kappa == pytest.approx((0.75 - 0.25) / (1 - 0.25))


def test_kappa_is_negative_for_a_model_worse_than_repeating() -> None:
    score = score_classes([0, 0, 0, 0], [1, 1, 1, 2], no_change=[1, 1, 1, 1])
    assert score.kappa == pytest.approx((0 - 0.75) / 0.25)


def test_kappa_is_undefined_where_repeating_is_always_right_or_never_possible() -> None:
    assert score_classes([1, 0], [1, 1], no_change=[1, 1]).kappa is None
    assert score_classes([1, 0], [1, 1], no_change=[-1, -1]).no_change_accuracy is None
    assert score_classes([1, 0], [1, 1]).kappa is None


def test_regression_by_hand() -> None:
    # errors 1, -1, 0, 2; ȳ = 4.5, Σ(y - ȳ)² = 12.25 + .25 + 2.25 + 2.25; steps of the reference 4, 1, 0
    score = score_numbers([2, 4, 6, 8], [1, 5, 6, 6], no_change=[np.nan, 1, 5, 6])
    assert (score.rows, score.mae) == (4, 1.0)
    assert score.rmse == pytest.approx(np.sqrt(6 / 4))
    assert score.r2 == pytest.approx(1 - 6 / 17)
    assert score.skill == pytest.approx(1 - 5 / 17)
    # The reference's squared errors are 16, 1 and 0, of three rows; the labels' variance is 17 / 4.
    assert score.compared == 3
    assert score.no_change_r2 == pytest.approx(1 - (17 / 3) / (17 / 4))


def test_the_baselines_score_is_on_the_scale_of_the_models_own() -> None:
    numbers = score_numbers([1, 2, 3], [1, 2, 3], no_change=[np.nan, 1, -9])
    assert (numbers.retention_score, numbers.no_change_score) == (1.0, -1.0)
    classes = score_classes([1, 1, 1, 2, 0], [1, 1, 1, 2, 2], no_change=[-1, 0, 1, 1, 1])
    assert (classes.retention_score, classes.no_change_score, classes.compared) == (0.8, 0.25, 4)
    assert score_numbers([1], [1], no_change=[np.nan]).no_change_score is None


def test_r2_does_not_depend_on_the_origin() -> None:
    plain, shifted = (score_numbers([2, 4, 6, 8], [1, 5, 6, 6], origin=origin).r2 for origin in (0.0, 5.0))
    assert shifted == pytest.approx(plain)


def test_a_small_variance_far_from_zero_is_still_seen() -> None:
    label = np.float32(16_000_000) + np.array([0, 1, 2, 3], np.float32)
    assert score_numbers(label + 1, label, origin=float(label[0])).r2 == pytest.approx(1 - 4 / 5)


@pytest.mark.parametrize("label", [[3.0], [0.1, 0.1, 0.1], []])
def test_r2_and_skill_are_undefined_where_nothing_varies(label: list[float]) -> None:
    score = score_numbers([1.0] * len(label), label, no_change=label)
    assert (score.r2, score.skill) == (None, None)
    assert score.mae is None or score.mae > 0


def test_predictions_that_are_not_finite_are_counted_and_left_out() -> None:
    score = score_numbers([np.nan, 1, np.inf, 3], [5, 1, 2, 4], no_change=[9, 0, 9, 0])
    assert (score.rows, score.not_finite, score.mae) == (2, 2, 0.5)
    assert score.skill == pytest.approx(1 - 1 / 17)


def test_the_score_on_the_retention_scale_is_accuracy_or_r2_clipped() -> None:
    assert PrequentialScore(rows=1, accuracy=0.25).retention_score == 0.25
    assert PrequentialScore(rows=2, r2=-7.0).retention_score == -1.0
    assert PrequentialScore(rows=2, r2=0.0).retention_score == 0.0
    assert PrequentialScore(rows=0).retention_score is None
