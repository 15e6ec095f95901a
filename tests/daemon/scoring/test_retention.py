from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.scoring.probe_scores import Probed
from daemon.scoring.retention import RECENT_EVALUATIONS, RetentionMatrix
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Score = float | None

TASKS = 4
FIGURES = (
    "average_score",
    "backward_transfer",
    "forward_transfer",
    "forgetting",
    "learning_accuracy",
    "min_acc",
    "wc_acc",
)


class Step(NamedTuple):
    """One evaluation: at the end of a segment of the task, or while it is being learned."""

    at_boundary: bool
    task: int
    scores: tuple[Score, ...]


def enter(matrix: RetentionMatrix, step: Step, *, events: int = 0) -> None:
    scores = np.array([math.nan if s is None else s for s in step.scores])
    counts = np.array([0 if s is None else 10 for s in step.scores])
    evaluate = matrix.boundary if step.at_boundary else matrix.between
    evaluate(step.task, probed=Probed.of_scores(scores, counts), events=events, time=float(events))


def after(*steps: Step, max_boundaries: int = 100) -> RetentionMatrix:
    matrix = RetentionMatrix(len(steps[0].scores), max_boundaries=max_boundaries)
    for events, step in enumerate(steps):
        enter(matrix, step, events=events)
    return matrix


def boundary(task: int, *scores: Score) -> Step:
    return Step(at_boundary=True, task=task, scores=scores)


def now(task: int, *scores: Score) -> Step:
    return Step(at_boundary=False, task=task, scores=scores)


def defined(values: Iterable[Score]) -> list[float]:
    return [value for value in values if value is not None]


def mean(values: Iterable[Score]) -> Score:
    known = defined(values)
    return sum(known) / len(known) if known else None


def difference(a: Score, b: Score) -> Score:
    return None if a is None or b is None else a - b


def recomputed(
    history: Sequence[Step], *, untrained: dict[int, float], before: dict[int, float]
) -> dict[str, Score]:
    """The papers' formulas over the whole history of evaluations; nothing is carried along."""
    latest = history[-1]
    places = [place for place, step in enumerate(history) if step.at_boundary]
    first_place = {}
    for j in range(TASKS):
        own = [p for p in places if history[p].task == j and history[p].scores[j] is not None]
        if own:
            first_place[j] = own[0]
    past = [j for j, p in first_place.items() if not (places[-1] == p and latest.task == j)]
    first = {j: history[p].scores[j] for j, p in first_place.items()}
    earlier = [history[p] for p in places if p < len(history) - 1]
    best = {j: max(defined(s.scores[j] for s in earlier), default=None) for j in range(TASKS)}
    minima = []
    for j, place in first_place.items():
        seen = defined(s.scores[j] for s in history[place + 1 :])
        if j != latest.task and seen:
            minima.append(min(seen))
    worst = latest.scores[latest.task]
    if worst is not None and minima:
        k = 1 + len(minima)
        worst = worst / k + (1 - 1 / k) * sum(minima) / len(minima)
    return {
        "average_score": mean(latest.scores),
        "backward_transfer": mean([difference(latest.scores[j], first[j]) for j in past]),
        "forward_transfer": mean([difference(before.get(j), untrained.get(j)) for j in range(TASKS)]),
        "forgetting": mean([difference(best[j], latest.scores[j]) for j in past]),
        "learning_accuracy": mean(first.values()),
        "min_acc": mean(minima),
        "wc_acc": worst,
    }


SCORES = st.tuples(*[st.one_of(st.none(), st.integers(-8, 8).map(lambda k: k / 8))] * TASKS)
HISTORIES = st.lists(st.builds(Step, at_boundary=st.booleans(), task=st.integers(0, TASKS - 1), scores=SCORES))
BY_TASK = st.dictionaries(st.integers(0, TASKS - 1), st.integers(-8, 8).map(lambda k: k / 8))


@settings(max_examples=300)
@given(HISTORIES, BY_TASK, BY_TASK, st.integers(2, 5))
def test_at_any_moment_the_figures_are_those_of_the_whole_history(
    history: list[Step], untrained: dict[int, float], before: dict[int, float], max_boundaries: int
) -> None:
    matrix = RetentionMatrix(TASKS, max_boundaries=max_boundaries)
    for task, score in untrained.items():
        matrix.untrained(task, score=score)
    first_boundary = next((place for place, step in enumerate(history) if step.at_boundary), None)
    for place, step in enumerate(history):
        enter(matrix, step)
        if place == first_boundary:
            for task, score in before.items():
                matrix.before(task, score=score)
        known = before if first_boundary is not None and place >= first_boundary else {}
        expected = recomputed(history[: place + 1], untrained=untrained, before=known)
        figures = matrix.figures()
        assert {name: getattr(figures, name) for name in FIGURES} == pytest.approx(expected)


@given(HISTORIES, st.data())
def test_a_restored_state_goes_on_bit_for_bit(history: list[Step], data: Any) -> None:
    cut = data.draw(st.integers(0, len(history)))
    straight, stopped = (RetentionMatrix(TASKS, max_boundaries=3) for _ in range(2))
    for step in history:
        enter(straight, step)
    for step in history[:cut]:
        enter(stopped, step)
    resumed = RetentionMatrix(TASKS, max_boundaries=3)
    resumed.load_state_dict(stopped.state_dict())
    assert resumed.figures() == stopped.figures()
    for step in history[cut:]:
        enter(resumed, step)
    assert_same_state(resumed.state_dict(), straight.state_dict())
    assert resumed.figures() == straight.figures()


def test_three_tasks_by_hand() -> None:
    matrix = after(
        boundary(0, 0.9, 0.2, 0.3),
        boundary(1, 0.7, 0.8, 0.4),
        boundary(2, 0.5, 0.9, 0.6),
    )
    for task, score in enumerate((0.1, 0.1, 0.2)):
        matrix.untrained(task, score=score)
    matrix.before(1, score=0.2)
    matrix.before(2, score=0.4)
    figures = matrix.figures()
    assert figures.average_score == pytest.approx((0.5 + 0.9 + 0.6) / 3)
    assert figures.backward_transfer == pytest.approx(((0.5 - 0.9) + (0.9 - 0.8)) / 2)
    assert figures.forward_transfer == pytest.approx(((0.2 - 0.1) + (0.4 - 0.2)) / 2)
    assert figures.forgetting == pytest.approx(((0.9 - 0.5) + (0.8 - 0.9)) / 2)
    assert figures.learning_accuracy == pytest.approx((0.9 + 0.8 + 0.6) / 3)
    assert figures.min_acc == pytest.approx((0.5 + 0.9) / 2)
    assert figures.wc_acc == pytest.approx(0.6 / 3 + (2 / 3) * 0.7)
    assert (figures.boundaries, figures.events, figures.time) == (3, 2, 2.0)
    np.testing.assert_array_equal(matrix.matrix(), [[0.9, 0.2, 0.3], [0.7, 0.8, 0.4], [0.5, 0.9, 0.6]])


def test_a_task_that_returns_is_compared_with_the_end_of_its_first_segment() -> None:
    matrix = after(
        boundary(0, 0.8, None),
        boundary(1, 0.4, 0.9),
        boundary(0, 0.95, 0.6),
        now(1, 0.85, 0.7),
    )
    figures = matrix.figures()
    assert figures.backward_transfer == pytest.approx(((0.85 - 0.8) + (0.7 - 0.9)) / 2)
    assert figures.forgetting == pytest.approx(((0.95 - 0.85) + (0.9 - 0.7)) / 2)
    assert figures.learning_accuracy == pytest.approx((0.8 + 0.9) / 2)
    # task 1 is being learned; the worst of task 0 since its first segment is .4
    assert figures.min_acc == 0.4
    assert figures.wc_acc == pytest.approx(0.7 / 2 + 0.4 / 2)
    first = figures.tasks[0]
    assert (first.first, first.best, first.minimum, first.now) == (0.8, 0.95, 0.4, 0.85)


def test_two_tasks_show_forgetting_before_the_second_one_ends() -> None:
    figures = after(boundary(0, 0.98, None), now(1, 0.3, 0.8)).figures()
    assert figures.backward_transfer == pytest.approx(-0.68)
    assert figures.forgetting == pytest.approx(0.68)
    assert figures.min_acc == pytest.approx(0.3)
    assert figures.wc_acc == pytest.approx(0.8 / 2 + 0.3 / 2)


def test_an_evaluation_right_after_a_boundary_changes_no_figure_of_a_forgetting_model() -> None:
    steps = boundary(0, 0.9, 0.1), boundary(1, 0.5, 0.8)
    at_boundary, again = after(*steps).figures(), after(*steps, now(1, 0.5, 0.8)).figures()
    assert [getattr(again, name) for name in FIGURES] == [getattr(at_boundary, name) for name in FIGURES]


def test_tasks_that_were_learned_together_are_past_only_after_their_boundary() -> None:
    matrix = RetentionMatrix(3, max_boundaries=5)
    scores, counts = np.array([0.9, 0.8, 0.7]), np.full(3, 10)
    matrix.boundary(1, probed=Probed.of_scores(scores, counts), events=1, time=1.0, others=(0, 1))
    figures = matrix.figures()
    assert figures.learning_accuracy == pytest.approx(0.85)
    assert figures.backward_transfer is figures.forgetting is None
    enter(matrix, now(1, 0.5, 0.6, 0.7), events=2)
    figures = matrix.figures()
    assert figures.backward_transfer == pytest.approx(-0.4)
    assert [figures.tasks[task].forgetting for task in range(3)] == [pytest.approx(0.4), None, None]


def test_a_single_task_has_a_score_and_no_transfer() -> None:
    figures = after(boundary(0, 0.9)).figures()
    assert (figures.average_score, figures.learning_accuracy, figures.wc_acc) == (0.9, 0.9, 0.9)
    assert figures.backward_transfer is figures.forward_transfer is figures.forgetting is figures.min_acc is None


def test_one_task_with_scheduled_boundaries_is_compared_with_its_past() -> None:
    figures = after(boundary(0, 0.9), boundary(0, 0.7), now(0, 0.6)).figures()
    assert figures.backward_transfer == pytest.approx(-0.3)
    assert figures.forgetting == pytest.approx(0.3)


def test_a_task_without_probes_yet_is_absent_from_every_mean() -> None:
    matrix = after(boundary(0, 0.9, None, None), boundary(1, 0.6, None, None), now(2, 0.5, None, None))
    figures = matrix.figures()
    assert figures.average_score == 0.5
    assert figures.learning_accuracy == 0.9
    assert figures.backward_transfer == pytest.approx(-0.4)
    assert figures.wc_acc is None  # nothing is known of the task being learned
    assert list(figures.tasks) == [0]


def test_a_task_gets_its_reference_at_its_first_own_boundary_with_probes() -> None:
    figures = after(boundary(0, None), boundary(0, 0.6), boundary(0, 0.5)).figures()
    assert figures.tasks[0].first == 0.6
    assert figures.backward_transfer == pytest.approx(-0.1)


def test_forward_transfer_is_undefined_for_the_first_task_and_where_a_term_is_missing() -> None:
    matrix = after(boundary(0, 0.9, None, None))
    matrix.untrained(0, score=0.5)
    matrix.untrained(1, score=0.5)
    matrix.before(2, score=0.4)
    assert matrix.figures().forward_transfer is None
    matrix.before(1, score=0.7)
    assert matrix.figures().forward_transfer == pytest.approx(0.2)
    matrix.before(1, score=None)
    assert matrix.figures().forward_transfer is None


def test_no_score_before_training_can_be_entered_before_the_first_boundary() -> None:
    matrix = after(now(0, 0.1))
    with pytest.raises(AssertionError, match="first task"):
        matrix.before(0, score=0.1)


def test_a_low_score_before_the_end_of_the_first_segment_is_no_minimum() -> None:
    figures = after(now(0, 0.0, None), boundary(0, 0.1, None), now(1, 0.9, 0.5)).figures()
    assert figures.min_acc == 0.9


def test_scores_of_zero_are_scores() -> None:
    figures = after(boundary(0, 0.0, None), boundary(1, 0.0, 0.0)).figures()
    assert [getattr(figures, name) for name in FIGURES] == [0.0, 0.0, None, 0.0, 0.0, 0.0, 0.0]


def test_before_any_evaluation_everything_is_undefined() -> None:
    matrix = RetentionMatrix(2, max_boundaries=5)
    assert all(getattr(matrix.figures(), name) is None for name in FIGURES)
    assert matrix.matrix().shape == (0, 2)
    assert (matrix.latest(), matrix.table(), matrix.figures().tasks) == (None, (), {})


def test_old_rows_are_dropped_and_the_figures_stay() -> None:
    steps = [boundary(0, 1.0, None), boundary(1, 0.1, 0.9), *[boundary(1, 0.5 + i / 100, 0.8) for i in range(9)]]
    whole, short = after(*steps), after(*steps, max_boundaries=2)
    assert short.figures() == whole.figures()
    assert [row.boundary for row in short.table()] == [9, 10]
    assert short.figures().tasks[0].minimum == 0.1
    assert short.figures().tasks[0].best == 1.0


def test_rows_are_not_changed_by_the_arrays_they_were_made_of() -> None:
    matrix, scores, counts = RetentionMatrix(1, max_boundaries=5), np.array([0.5]), np.array([3])
    matrix.boundary(0, probed=Probed.of_scores(scores, counts), events=1, time=1.0)
    scores[0], counts[0] = 0.9, 4
    assert (matrix.matrix()[0, 0], matrix.figures().tasks[0].samples) == (0.5, 3)


def test_what_was_loaded_does_not_follow_what_it_was_loaded_from() -> None:
    state = after(boundary(0, 0.5), boundary(0, 0.25)).state_dict()
    matrix = RetentionMatrix(1, max_boundaries=5)
    matrix.load_state_dict(state)
    figures = matrix.figures()
    for array in (*state["rows"].values(), *state["now"].values(), *state["of_task"].values(), state["learned_at"]):
        array.fill(-1)
    assert matrix.figures() == figures
    assert matrix.matrix().tolist() == [[0.5], [0.25]]


def test_a_state_with_another_number_of_tasks_is_refused_with_the_settings_name() -> None:
    with pytest.raises(ValueError, match=r"retention\.max_tasks is 3, but .* 2"):
        RetentionMatrix(3, max_boundaries=5).load_state_dict(RetentionMatrix(2, max_boundaries=5).state_dict())


def test_recent_evaluations_are_all_of_them_in_order_and_old_ones_drop_out() -> None:
    matrix = after(now(0, 0.5), boundary(0, 0.6), now(0, 0.7))
    assert [(e.boundary, e.events, *e.scores) for e in matrix.recent()] == [(-1, 0, 0.5), (0, 1, 0.6), (0, 2, 0.7)]
    for events in range(3, 3 + RECENT_EVALUATIONS):
        enter(matrix, now(0, 0.8), events=events)
    assert len(matrix.recent()) == RECENT_EVALUATIONS
    assert matrix.recent()[0].events == 3
    assert matrix.recent()[-1] == matrix.latest()
