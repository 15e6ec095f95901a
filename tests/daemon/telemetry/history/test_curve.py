from __future__ import annotations

import numpy as np

from daemon.scoring.retention import RetentionMatrix
from daemon.telemetry.history.curve import Curve

TASKS = 2


def examined(matrix: RetentionMatrix, events: int, *, boundary: bool = False) -> None:
    enter = matrix.boundary if boundary else matrix.now
    enter(0, scores=np.array([0.5, np.nan]), counts=np.array([4, 0]), events=events, time=0.0)


def places(curve: Curve) -> list[int]:
    return [point.events for point in curve.points]


def test_every_evaluation_is_taken_once() -> None:
    curve, matrix = Curve(), RetentionMatrix(TASKS, max_boundaries=8)
    curve.follow(matrix)
    assert places(curve) == []
    for events in (10, 20):
        examined(matrix, events)
        curve.follow(matrix)
        curve.follow(matrix)
    examined(matrix, 20, boundary=True)
    examined(matrix, 30)
    curve.follow(matrix)
    assert places(curve) == [10, 20, 20, 30]


def test_a_long_life_is_thinned_evenly_and_keeps_both_ends() -> None:
    curve, matrix = Curve(most_points=8), RetentionMatrix(TASKS, max_boundaries=8)
    for events in range(0, 1000, 10):
        examined(matrix, events)
        curve.follow(matrix)
        assert len(curve.points) <= 8
        assert (places(curve)[0], places(curve)[-1]) == (0, events)
    assert np.diff(places(curve)).max() <= 2.5 * 1000 / 8


def test_a_new_process_begins_with_the_boundaries_of_the_earlier_ones() -> None:
    before, matrix = RetentionMatrix(TASKS, max_boundaries=8), RetentionMatrix(TASKS, max_boundaries=8)
    examined(before, 10)
    examined(before, 20, boundary=True)
    examined(before, 30)
    matrix.load_state_dict(before.state_dict())
    curve = Curve()
    curve.follow(matrix)
    assert places(curve) == [20, 30]


def test_going_back_to_a_checkpoint_forgets_what_came_after_it() -> None:
    curve, matrix = Curve(), RetentionMatrix(TASKS, max_boundaries=8)
    examined(matrix, 10)
    saved = matrix.state_dict()
    examined(matrix, 20)
    curve.follow(matrix)
    again = RetentionMatrix(TASKS, max_boundaries=8)
    again.load_state_dict(saved)
    curve.follow(again)
    assert places(curve) == [10]
    examined(again, 25)
    curve.follow(again)
    assert places(curve) == [10, 25]


def test_a_new_process_goes_on_from_the_points_that_an_earlier_one_has_kept() -> None:
    before, matrix = RetentionMatrix(TASKS, max_boundaries=8), RetentionMatrix(TASKS, max_boundaries=8)
    kept = Curve()
    for events in (10, 20, 30):
        examined(before, events, boundary=events == 20)
        kept.follow(before)
    matrix.load_state_dict(before.state_dict())
    curve = Curve(kept.points)
    curve.follow(matrix)
    assert places(curve) == [10, 20, 30]
    examined(matrix, 40)
    curve.follow(matrix)
    assert places(curve) == [10, 20, 30, 40]


def test_points_beyond_the_checkpoint_that_the_learner_starts_from_are_of_no_use() -> None:
    before, matrix = RetentionMatrix(TASKS, max_boundaries=8), RetentionMatrix(TASKS, max_boundaries=8)
    examined(before, 10)
    matrix.load_state_dict(before.state_dict())
    examined(before, 20)
    kept = Curve()
    kept.follow(before)
    curve = Curve(kept.points)
    curve.follow(matrix)
    assert places(curve) == [10]


def test_a_learner_that_has_begun_anew_has_nothing_of_the_one_that_had_its_name() -> None:
    kept, before, matrix = Curve(), *(RetentionMatrix(TASKS, max_boundaries=8) for _ in range(2))
    examined(before, 10)
    examined(before, 20, boundary=True)
    kept.follow(before)
    unexamined, examined_since = Curve(kept.points), Curve(kept.points)
    unexamined.follow(matrix)
    assert places(unexamined) == []
    examined(matrix, 40)
    examined_since.follow(matrix)
    assert places(examined_since) == [40]
