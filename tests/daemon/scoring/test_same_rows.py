"""What is shown as forgotten was forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from daemon.scoring.probe_scores import ProbeScores
from daemon.scoring.probe_sets import ProbeSets
from daemon.scoring.retention import RetentionMatrix
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from daemon.scoring.figures import Figures

    Say = Callable[[NDArray[np.float32], int], NDArray[Any]]

TASKS, ROWS, CYCLES = 4, 40, 6


def right_by_row(x: NDArray[np.float32], task: int) -> NDArray[np.int64]:
    """A model that never changes: it is right (class 1) on three rows of four, and always on the same."""
    del task
    return (x[:, 0] < 0.75).astype(np.int64)


def lives(say: Callable[[int], Say], *, seed: int, merge: bool = False) -> tuple[Figures, float]:
    """Figures after a stream whose tasks come back, and what the plain maximum would show as forgetting."""
    rng = np.random.default_rng(seed)
    probes = ProbeSets(ROWS, max_tasks=TASKS + 1, generator=np.random.default_rng(seed + 1_000))
    scores, matrix = ProbeScores(probes, max_tasks=TASKS + 1), RetentionMatrix(TASKS + 1, max_boundaries=99)
    plain = []
    for segment in range(TASKS * CYCLES):
        task = segment % TASKS
        x = rng.random((15, 1)).astype(np.float32)
        probes.add(x, y=np.ones(15, np.int64), task=np.full(15, task))
        probed = scores.of_all(say(segment))
        plain.append(probed.scores)
        matrix.boundary(task, probed=probed, events=segment, time=0.0)
        if merge and segment == TASKS * CYCLES - 3:
            matrix.merge_task(0, into=TASKS, share=probes.merge(0, into=TASKS))
    of_tasks = np.array(plain)[:, :TASKS]
    return matrix.figures(), float(np.nanmean(np.nanmax(of_tasks[:-1], axis=0) - of_tasks[-1]))


def test_a_model_that_never_changes_has_forgotten_nothing() -> None:
    runs = [lives(lambda _: right_by_row, seed=seed) for seed in range(20)]
    assert [figures.forgetting for figures, _ in runs] == [0.0] * len(runs)
    gains = [figures.backward_transfer for figures, _ in runs]
    assert [gain for gain in gains if gain is not None] == pytest.approx([0.0] * len(runs))
    assert np.mean([plain for _, plain in runs]) > 0.05, "the plain maximum is what it must not be"


def test_it_has_forgotten_nothing_either_where_a_task_made_room() -> None:
    figures, _ = lives(lambda _: right_by_row, seed=2, merge=True)
    assert (figures.forgetting, figures.backward_transfer) == (0.0, 0.0)


@pytest.mark.parametrize("late", [4, 6])
def test_a_model_that_forgets_shows_how_much(late: int) -> None:
    def say(segment: int) -> Say:
        def worse(x: NDArray[np.float32], task: int) -> NDArray[np.int64]:
            lost = segment >= TASKS * CYCLES - late and task != segment % TASKS
            return (x[:, 0] < (0.45 if lost else 0.75)).astype(np.int64)

        return worse

    figures = [lives(say, seed=seed)[0] for seed in range(20)]
    assert np.mean([each.forgetting for each in figures]) == pytest.approx(0.3 * 3 / 4, abs=0.08)


def test_each_task_says_how_far_off_its_score_may_be() -> None:
    figures, _ = lives(lambda _: right_by_row, seed=0)
    for task in range(TASKS):
        assert figures.tasks[task].error == pytest.approx(np.sqrt(0.75 * 0.25 / ROWS), rel=0.3)


def test_a_restored_matrix_compares_on_with_what_was_remembered() -> None:
    probes = ProbeSets(ROWS, max_tasks=2, generator=np.random.default_rng(0))
    probes.add(
        np.random.default_rng(1).random((60, 1), np.float32), y=np.ones(60, np.int64), task=np.zeros(60, int)
    )
    scores, matrix = ProbeScores(probes, max_tasks=2), RetentionMatrix(2, max_boundaries=9)
    restored = RetentionMatrix(2, max_boundaries=9)
    matrix.boundary(0, probed=scores.of_all(right_by_row), events=1, time=0.0)
    restored.load_state_dict(matrix.state_dict())
    for each in (matrix, restored):
        each.between(1, probed=scores.of_all(lambda x, _: np.zeros(len(x), np.int64)), events=2, time=0.0)
    assert_same_state(restored.state_dict(), matrix.state_dict())
    assert restored.figures().forgetting == matrix.figures().tasks[0].best
