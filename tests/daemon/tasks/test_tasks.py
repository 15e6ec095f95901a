"""What every way to tell tasks apart has to keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.tasks import TASKS
from daemon.tasks.assigned import MISSING, Assigned, Segment
from daemon.tasks.task_names import TaskNames
from tests.daemon.rows_of import rows_of
from tests.daemon.same_state import assert_same_state, chunks

if TYPE_CHECKING:
    from connectors.decoder import Rows
    from daemon.tasks.contract import Tasks

ROWS = 60
CASES: list[dict[str, Any]] = [
    {"type": "none"},
    {"type": "field"},
    {"type": "topic"},
    {"type": "schedule", "every_events": 7},
    {"type": "schedule", "every": "1h", "cycle": 2},
    {"type": "drift"},
]
SIZES = st.lists(st.integers(1, 13), min_size=1, max_size=3)


def made(case: dict[str, Any], *, alive_events: int | None = 5) -> Tasks:
    way = TASKS[case["type"]]
    return way(way.Options.model_validate(case), names=TaskNames(3, alive_events=alive_events))


def stream(rows: slice = slice(None)) -> Rows:
    rng = np.random.default_rng(0)
    task = rng.choice(["a", "b", "", "c", "d"], size=ROWS).tolist()
    topic = rng.choice(["x", "y"], size=ROWS).tolist()
    time = np.where(rng.random(ROWS) < 0.2, np.nan, 1.7e9 + 300 * np.arange(ROWS) + rng.normal(0, 2000, ROWS))
    return rows_of(len(range(ROWS)[rows]), task=task[rows], topic=topic[rows], time=time[rows].tolist())


def joined(parts: list[Assigned]) -> Assigned:
    return Assigned(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


@pytest.mark.parametrize("case", CASES, ids=str)
@given(sizes=SIZES, cut=st.integers(0, ROWS))
@settings(max_examples=25)
def test_tasks_depend_neither_on_grouping_nor_on_a_restart(
    case: dict[str, Any], sizes: list[int], cut: int
) -> None:
    through, before, after = made(case), made(case), made(case)
    expected = through.assign(stream())
    first = [before.assign(stream(rows)) for rows in chunks(cut, sizes) if rows.start < cut and rows.stop <= cut]
    done = sum(len(part.task) for part in first)
    after.load_state_dict(before.state_dict())
    rest = [after.assign(stream(slice(done + rows.start, done + rows.stop))) for rows in chunks(ROWS - done, sizes)]
    found = joined(first + rest)
    assert found.task.tolist() == expected.task.tolist()
    assert found.segment.tolist() == expected.segment.tolist()
    assert found.task.dtype == found.segment.dtype == np.int64
    assert_same_state(after.state_dict(), through.state_dict())


@pytest.mark.parametrize("case", [case for case in CASES if case["type"] != "drift"], ids=str)
def test_only_drift_looks_at_errors(case: dict[str, Any]) -> None:
    assert made(case).observe(np.ones(1_000)) is None


def test_the_stream_is_one_task() -> None:
    tasks = made({"type": "none"})
    assert tasks.assign(rows_of(3)).task.tolist() == [0, 0, 0]
    assert tasks.names.names == ["stream"]


def test_a_row_with_an_empty_task_field_has_no_task() -> None:
    tasks = made({"type": "field"})
    assert tasks.assign(rows_of(4, task=["b", "", "a", "b"])).task.tolist() == [0, MISSING, 1, 0]
    assert tasks.names.names == ["b", "a"]


def test_tasks_by_field_need_a_decoder_that_reads_the_field() -> None:
    with pytest.raises(ValueError, match=r"decoder\.task"):
        made({"type": "field"}).assign(rows_of(1))


def test_tasks_by_topic_are_named_by_it() -> None:
    tasks = made({"type": "topic"})
    assert tasks.assign(rows_of(3, topic=["mnist", "fashion", "mnist"])).task.tolist() == [0, 1, 0]
    assert tasks.names.names == ["mnist", "fashion"]


def test_a_segment_has_a_number_of_its_own_when_its_task_is_not_told_apart_any_more() -> None:
    tasks = made({"type": "schedule", "every_events": 1}, alive_events=None)
    assert tasks.assign(rows_of(5)).task.tolist() == [0, 1, 2, 3, 3]
    task, segment, _ = tasks.assign(rows_of(2))
    assert (task.tolist(), segment.tolist()) == ([3, 3], [5, 6])
    assert tasks.names.overflowed == 4
    assert Segment(1, 2, 0).segment == 2
