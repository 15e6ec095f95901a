from __future__ import annotations

import numpy as np

from daemon.scoring.probe_scores import Probed
from daemon.scoring.retention import RetentionMatrix
from daemon.telemetry.history.curve import Curve

TASKS = 2


def evaluated(matrix: RetentionMatrix, events: int, *, boundary: bool = False) -> None:
    enter = matrix.boundary if boundary else matrix.between
    probed = Probed.of_scores(np.array([0.5, np.nan]), np.array([4, 0]))
    enter(0, probed=probed, events=events, time=0.0)


def follow(curve: Curve, matrix: RetentionMatrix) -> None:
    curve.follow((*matrix.table(), *matrix.recent()), latest=matrix.latest())


def places(curve: Curve) -> list[int]:
    return [point.events for point in curve.points]


def test_every_evaluation_is_taken_once() -> None:
    curve, matrix = Curve(), RetentionMatrix(TASKS, max_boundaries=8)
    follow(curve, matrix)
    assert places(curve) == []
    for events in (10, 20):
        evaluated(matrix, events)
        follow(curve, matrix)
        follow(curve, matrix)
    evaluated(matrix, 20, boundary=True)
    evaluated(matrix, 30)
    follow(curve, matrix)
    assert places(curve) == [10, 20, 20, 30]


def test_a_long_life_is_thinned_evenly_and_keeps_both_ends() -> None:
    curve, matrix = Curve(most_points=8), RetentionMatrix(TASKS, max_boundaries=8)
    for events in range(0, 1000, 10):
        evaluated(matrix, events)
        follow(curve, matrix)
        assert len(curve.points) <= 8
        assert (places(curve)[0], places(curve)[-1]) == (0, events)
    assert np.diff(places(curve)).max() <= 2.5 * 1000 / 8


def test_a_new_process_begins_with_the_boundaries_of_the_earlier_ones() -> None:
    before, matrix = RetentionMatrix(TASKS, max_boundaries=8), RetentionMatrix(TASKS, max_boundaries=8)
    evaluated(before, 10)
    evaluated(before, 20, boundary=True)
    evaluated(before, 30)
    matrix.load_state_dict(before.state_dict())
    curve = Curve()
    follow(curve, matrix)
    assert places(curve) == [20, 30]


def test_going_back_to_a_checkpoint_forgets_what_came_after_it() -> None:
    curve, matrix = Curve(), RetentionMatrix(TASKS, max_boundaries=8)
    evaluated(matrix, 10)
    saved = matrix.state_dict()
    evaluated(matrix, 20)
    follow(curve, matrix)
    again = RetentionMatrix(TASKS, max_boundaries=8)
    again.load_state_dict(saved)
    follow(curve, again)
    assert places(curve) == [10]
    evaluated(again, 25)
    follow(curve, again)
    assert places(curve) == [10, 25]


def test_a_new_process_goes_on_from_the_points_that_an_earlier_one_has_kept() -> None:
    before, matrix = RetentionMatrix(TASKS, max_boundaries=8), RetentionMatrix(TASKS, max_boundaries=8)
    kept = Curve()
    for events in (10, 20, 30):
        evaluated(before, events, boundary=events == 20)
        follow(kept, before)
    matrix.load_state_dict(before.state_dict())
    curve = Curve(kept.points)
    follow(curve, matrix)
    assert places(curve) == [10, 20, 30]
    evaluated(matrix, 40)
    follow(curve, matrix)
    assert places(curve) == [10, 20, 30, 40]


def test_points_beyond_the_checkpoint_that_the_learner_starts_from_are_of_no_use() -> None:
    before, matrix = RetentionMatrix(TASKS, max_boundaries=8), RetentionMatrix(TASKS, max_boundaries=8)
    evaluated(before, 10)
    matrix.load_state_dict(before.state_dict())
    evaluated(before, 20)
    kept = Curve()
    follow(kept, before)
    curve = Curve(kept.points)
    follow(curve, matrix)
    assert places(curve) == [10]


def test_a_learner_that_has_begun_anew_has_nothing_of_the_one_that_had_its_name() -> None:
    kept, before, matrix = Curve(), *(RetentionMatrix(TASKS, max_boundaries=8) for _ in range(2))
    evaluated(before, 10)
    evaluated(before, 20, boundary=True)
    follow(kept, before)
    unevaluated, evaluated_since = Curve(kept.points), Curve(kept.points)
    follow(unevaluated, matrix)
    assert places(unevaluated) == []
    evaluated(matrix, 40)
    follow(evaluated_since, matrix)
    assert places(evaluated_since) == [40]


def test_a_code_that_is_anothers_now_has_no_past() -> None:
    curve, matrix = Curve(), RetentionMatrix(TASKS, max_boundaries=8)
    evaluated(matrix, 10)
    follow(curve, matrix)
    curve.forget([0])
    assert places(curve) == [10]
    assert np.isnan(curve.points[0].scores).all()
