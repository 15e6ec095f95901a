from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.build.load import load
from daemon.demo.configuration import EVALUATIONS, NAIVE, write_configuration
from daemon.demo.folder import begin_afresh
from daemon.demo.learning import Course, learn
from daemon.scoring.probe_scores import Probed
from daemon.scoring.retention import RetentionMatrix
from daemon.service import Service
from tests.daemon.demo.conftest import EVENTS

if TYPE_CHECKING:
    from pathlib import Path

    from daemon.demo.learning import Learned

ORDER = [0, 1, 2, 3, 4, 1, 0]  # five regimes, and two of them return


def test_the_naive_learner_forgets_what_the_other_keeps(both: tuple[Learned, Learned]) -> None:
    naive, retaind = (learned.figures for learned in both)
    assert naive.forgetting is not None
    assert retaind.forgetting is not None
    assert naive.forgetting > retaind.forgetting + 0.25
    assert naive.average_score is not None
    assert retaind.average_score is not None
    assert retaind.average_score > naive.average_score + 0.2


def test_neither_pays_for_it_in_the_present(both: tuple[Learned, Learned]) -> None:
    naive, retaind = (learned.prequential.accuracy for learned in both)
    assert naive is not None
    assert retaind is not None
    assert retaind > naive - 0.02


def test_both_meet_the_same_events_in_the_same_regimes(both: tuple[Learned, Learned]) -> None:
    ends = [EVENTS * segment // len(ORDER) for segment in range(1, len(ORDER))]
    for learned in both:
        assert learned.standing.events == learned.prequential.rows == EVENTS
        assert learned.regimes == ("warm_up", "base_load", "peak_load", "part_load", "night")
        assert [row.task for row in learned.boundaries] == ORDER[:-1]
        assert learned.now.task == ORDER[-1]
        assert np.abs(np.subtract([row.events for row in learned.boundaries], ends)).max() <= 1


def test_the_course_has_every_evaluation_once_and_in_order(both: tuple[Learned, Learned]) -> None:
    for learned in both:
        places = [(evaluation.events, evaluation.boundary) for evaluation in learned.course]
        assert places == sorted(set(places))
        assert set(places) >= {(row.events, row.boundary) for row in learned.boundaries}
        assert len(places) >= EVALUATIONS + len(learned.boundaries) - 1
        assert learned.now.events == EVENTS


def test_an_evaluation_at_a_boundary_and_one_just_before_it_are_two() -> None:
    matrix = RetentionMatrix(1, max_boundaries=9)
    course, score, count = Course(), np.array([0.5]), np.array([10])
    for evaluate in (matrix.between, matrix.boundary, matrix.between):
        evaluate(0, probed=Probed.of_scores(score, count), events=7, time=0.0)
        scores: Any = SimpleNamespace(recent=matrix.recent())
        snapshot: Any = SimpleNamespace(main=SimpleNamespace(scores=scores))
        course.follow(snapshot)
    assert [(evaluation.events, evaluation.boundary) for evaluation in course.evaluations] == [(7, -1), (7, 0)]


def test_a_learner_that_is_told_to_stop_has_nothing_to_show(tmp_path: Path) -> None:
    begin_afresh(tmp_path)
    config = load(write_configuration(tmp_path, NAIVE, events=EVENTS))
    with Service(config) as service:
        turns = iter([False, False])
        assert learn(service, stop=lambda: next(turns, True), watch=lambda _: None) is None
        assert 0 < service.loop.pipeline.events < EVENTS
