from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.arena.capymoa_references import BATCH_ROWS as CAPYMOA_BATCH
from benchmarks.arena.capymoa_references import CapyMoaReplay
from benchmarks.arena.course import UNKNOWN, Course, run_reference
from benchmarks.arena.figures import figures
from benchmarks.arena.learners import LEARNERS
from benchmarks.arena.reference import Guess, NoChange
from benchmarks.arena.table import Table
from benchmarks.arena.untouched import run_untouched
from tests.benchmarks.arena.streams_by_hand import (
    NAMES,
    classes_by_sign,
    numbers,
    random_classes,
    random_numbers,
    two_tasks,
)

if TYPE_CHECKING:
    from benchmarks.arena.reference import Row

EVERYBODY = [name for name, learner in LEARNERS.items() if learner.installed]
LEARNING = [name for name in EVERYBODY if name != "no-change"]
WITH_NUMBERS = [name for name in EVERYBODY if LEARNERS[name].numbers]


def course(name: str, table: Table) -> Course:
    make = LEARNERS[name].make
    if make is None:
        return run_untouched(table, seed=0, watch=lambda *_: None, clock=time.process_time)
    return run_reference(make(table, seed=0), table, watch=lambda *_: None, clock=time.process_time)


def figures_of(name: str, table: Table) -> dict[str, float]:
    return {key: value for key, value in figures(course(name, table), table).items() if value is not None}


@pytest.mark.parametrize("name", LEARNING)
def test_everybody_learns_classes(name: str) -> None:
    # A step of Adam for 32 rows, as CapyMOA's documentation has it, takes its time.
    found = figures_of(name, classes_by_sign(5_000 if name == "capymoa-er" else 1_000))
    assert found["score"] > 0.75
    assert found["kappa"] > 0.5
    assert 0 < found["log_loss"] < np.log(2)


@pytest.mark.parametrize("name", [name for name in LEARNING if name in WITH_NUMBERS])
def test_everybody_but_classifiers_learns_numbers(name: str) -> None:
    found = figures_of(name, numbers(1_000))
    assert found["score"] > 0.2
    assert found["mae"] < 15
    assert "log_loss" not in found


@pytest.mark.parametrize("name", EVERYBODY)
def test_nobody_knows_a_random_class_before_it_is_told(name: str) -> None:
    found = figures_of(name, random_classes(2_000))
    assert found["score"] == pytest.approx(0.5, abs=0.045)  # four deviations
    assert found.get("log_loss", 1) > 0.68


@pytest.mark.parametrize("name", WITH_NUMBERS)
def test_nobody_knows_a_random_number_before_it_is_told(name: str) -> None:
    assert figures_of(name, random_numbers(500))["score"] < 0.05


@pytest.mark.parametrize("name", EVERYBODY)
def test_the_first_rows_are_scored_too(name: str) -> None:
    table = classes_by_sign(40)
    assert len(course(name, table).answers) == 40
    assert figures_of(name, table)["events_per_second"] > 0


class Diary:
    """Writes down what it is asked and told."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, float, int]] = []

    def guess(self, row: Row, *, key: int) -> Guess:
        self.entries.append(("guess", row["a"], key))
        return Guess(0, {0: 3.0, 1: 1.0})

    def learn(self, row: Row, label: float, *, key: int) -> None:
        self.entries.append(("learn", row["a"], key))


def test_each_row_is_predicted_and_then_learned_in_the_order_of_the_table() -> None:
    x = np.column_stack([np.arange(1_030.0)] * 3)
    table = Table(
        names=NAMES, x=x, y=np.zeros(1_030, np.int64), classes=("z", "y"),
        key=np.arange(1_030) % 3, keys=("k", "l", "m"),
    )  # fmt: skip
    diary = Diary()
    found = run_reference(diary, table, watch=lambda *_: None, clock=time.process_time)
    wanted = [(what, float(row), row % 3) for row in range(1_030) for what in ("guess", "learn")]
    assert diary.entries == wanted
    assert found.likelihood is not None
    assert np.allclose(found.likelihood, 0.75)


def test_no_change_repeats_the_last_label_of_the_key() -> None:
    table = Table(
        names=("a",), x=np.zeros((6, 1)), y=np.array([0, 1, 0, 1, 1, 0]), classes=("z", "y"),
        key=np.array([0, 1, 0, 1, 0, 1]), keys=("k", "l"),
    )  # fmt: skip
    found = run_reference(NoChange(table, seed=0), table, watch=lambda *_: None, clock=time.process_time)
    assert found.answers.tolist() == [UNKNOWN, UNKNOWN, 0, 1, 0, 1]
    assert figures(found, table)["kappa"] == 0


@pytest.mark.skipif("capymoa-er" not in EVERYBODY, reason="CapyMOA is not installed")
def test_a_batch_is_learned_when_it_is_full_and_says_nothing_of_its_own_rows_before() -> None:
    table = classes_by_sign(CAPYMOA_BATCH)
    replay = CapyMoaReplay(table, seed=0)
    rows = [table.row(x) for x in table.x]
    other = CapyMoaReplay(table, seed=0)
    for row in rows[:-1]:
        replay.learn(row, 0, key=0)
        other.learn(row, 1, key=0)
    assert replay.guess(rows[-1], key=0) == other.guess(rows[-1], key=0)
    replay.learn(rows[-1], 0, key=0)
    other.learn(rows[-1], 1, key=0)
    assert replay.guess(rows[-1], key=0) != other.guess(rows[-1], key=0)


@pytest.mark.parametrize("name", ["retaind", "river-linear"])
def test_what_is_kept_of_a_task_is_measured_on_rows_that_nobody_learns(name: str) -> None:
    table = two_tasks(2_000)
    found = course(name, table)
    (first, unknown), (after, second) = found.retention.matrix()
    assert unknown is None
    assert first is not None
    assert first > 0.8
    assert after is not None
    assert second is not None
    assert after == pytest.approx(1 - second)
    forgotten = figures(found, table)["forgetting"]
    assert forgotten == pytest.approx(first - after)


def test_the_daemon_is_scored_by_what_it_publishes_and_its_main_learner_beside() -> None:
    table = classes_by_sign(600)
    found = course("retaind", table)
    assert found.extra["main_score"] is not None
    unknown, *answers = found.answers.tolist()
    assert (unknown, set(answers)) == (-1, {0, 1}), "before any label was seen there is no answer"
    assert found.likelihood is not None
    assert len(found.likelihood) == 600
    right = found.answers == table.y
    assert found.likelihood[right].min() >= 0.5 - 1e-6
    assert found.likelihood[~right].max() <= 0.5 + 1e-6
