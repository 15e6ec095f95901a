from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.literature.run import Run, StoppedError, carry_out

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.literature.outcome import Outcome

TIMES = {"seconds", "events_per_second"}


def measured(outcome: Outcome) -> dict[str, object]:
    figures = {name: value for name, value in outcome.figures.items() if name not in TIMES}
    return outcome.model_dump(exclude={"figures"}) | {"figures": figures}


@pytest.fixture(scope="module")
def replayed(data: Path) -> Outcome:
    return carry_out(Run("smnist", "er-500", 0), data=data)


def test_the_same_run_has_the_same_outcome_to_the_bit(replayed: Outcome, data: Path) -> None:
    again = carry_out(Run("smnist", "er-500", 0), data=data)
    assert measured(again) == measured(replayed)


def test_another_seed_has_another_outcome(replayed: Outcome, data: Path) -> None:
    assert carry_out(Run("smnist", "er-500", 1), data=data).matrix != replayed.matrix


def test_r_is_lower_triangular_and_ends_with_what_is_known_at_the_end(replayed: Outcome) -> None:
    assert replayed.tasks == ["0-1", "2-3", "4-5", "6-7", "8-9"]
    for row, scores in enumerate(replayed.matrix):
        assert [score is not None for score in scores] == [column <= row for column in range(5)]
    # No task here has as many test images as the sample, so that the sample is all of them.
    assert replayed.matrix[-1] == replayed.final


def test_the_figures_are_those_of_the_definitions(replayed: Outcome) -> None:
    r = np.array(replayed.matrix, dtype=np.float64)
    learned, now = np.diag(r), r[-1]
    best = np.nanmax(r[:-1, :-1], axis=0)
    expected = {
        "final_accuracy": now.mean(),
        "learning_accuracy": learned.mean(),
        "backward_transfer": (now - learned)[:-1].mean(),
        "forgetting": (best - now[:-1]).mean(),
    }
    assert {name: replayed.figures[name] for name in expected} == pytest.approx(expected)


def test_the_memory_is_what_the_buffer_takes(replayed: Outcome) -> None:
    assert replayed.figures["memory_bytes"] == 500 * (784 * 4 + 4 + 2 + 32)


@pytest.mark.parametrize("setting", ["compact-200", "compact-500"])
def test_a_budget_in_bytes_holds_everything_that_is_remembered(setting: str, data: Path) -> None:
    budget = int(setting.rpartition("-")[2]) * 784 * 4
    taken = carry_out(Run("pmnist", setting, 0), data=data).figures["memory_bytes"]
    assert taken is not None
    assert budget - 900 < taken <= budget


def test_with_replay_less_is_forgotten(replayed: Outcome, data: Path) -> None:
    naive = carry_out(Run("smnist", "naive", 0), data=data).figures["forgetting"]
    forgetting = replayed.figures["forgetting"]
    assert naive is not None
    assert forgetting is not None
    assert naive > forgetting + 0.1


def test_mnist_then_fashion_has_figures_of_its_own(data: Path) -> None:
    outcome = carry_out(Run("mnist-fashion", "naive", 0), data=data)
    assert outcome.figures["mnist_learned"] == outcome.matrix[0][0]
    assert [outcome.figures["mnist_final"], outcome.figures["fashion_final"]] == outcome.final


def test_the_course_runs_to_the_end(replayed: Outcome) -> None:
    events = [place for place, _ in replayed.course]
    assert events == sorted(set(events))
    assert events[-1] == 240
    assert (
        replayed.course[-1][1] == replayed.figures["prequential_accuracy"]
    )  # the window is larger than the stream


def test_a_run_can_be_stopped_from_where_it_is_watched(data: Path) -> None:
    seen = []

    def watch(done: int, every: int) -> None:
        seen.append((done, every))
        raise StoppedError

    with pytest.raises(StoppedError):
        carry_out(Run("pmnist", "naive", 0), data=data, watch=watch)
    assert seen == [(128, 4800)]
