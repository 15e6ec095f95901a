from __future__ import annotations

import math
from typing import Any

import pytest
from pydantic import ValidationError

from daemon.tasks.schedule import ScheduledTasks, ScheduledTasksOptions
from daemon.tasks.task_names import TaskNames
from tests.daemon.rows_of import rows_of

HOUR = 3_600.0


def scheduled(**options: Any) -> ScheduledTasks:
    return ScheduledTasks(ScheduledTasksOptions.model_validate(options), names=TaskNames(32))


def names_of(tasks: ScheduledTasks, *hours: float) -> list[str]:
    assigned = tasks.assign(rows_of(len(hours), time=[hour * HOUR for hour in hours]))
    return [tasks.names.name(code) for code in assigned.task.tolist()]


def test_a_period_lasts_so_many_events() -> None:
    tasks = scheduled(every_events=3)
    assert tasks.assign(rows_of(4)).task.tolist() == [0, 0, 0, 1]
    assert tasks.assign(rows_of(4)).task.tolist() == [1, 1, 2, 2]


def test_tasks_come_back_in_a_cycle_while_segments_go_on() -> None:
    task, segment, _ = scheduled(every_events=2, cycle=2).assign(rows_of(9))
    assert task.tolist() == [0, 0, 1, 1, 0, 0, 1, 1, 0]
    assert segment.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4]


def test_periods_of_time_begin_at_multiples_of_their_length() -> None:
    tasks = scheduled(every="1h")
    assert names_of(tasks, 10.9, 10.99, 11.0, 11.5, 14.0) == [
        "period-0",
        "period-0",
        "period-1",
        "period-1",
        "period-4",
    ]


def test_a_late_event_belongs_to_the_period_of_its_own_time() -> None:
    tasks = scheduled(every="1h")
    assert names_of(tasks, 10.5, 11.1, 10.9, 11.2) == ["period-0", "period-1", "period-0", "period-1"]
    assert names_of(tasks, 9.5) == ["period--1"]


def test_one_wrong_clock_misplaces_its_own_events_only() -> None:
    tasks = scheduled(every="1h")
    assert names_of(tasks, 10.5, 1e300, 10.6)[2] == "period-0"
    assert names_of(tasks, -1e300, 11.0)[1] == "period-1"


def test_an_event_of_unknown_time_belongs_to_the_period_of_the_one_before() -> None:
    tasks = scheduled(every="1h")
    assert names_of(tasks, math.nan, math.nan) == ["period-0", "period-0"]
    assert names_of(tasks, math.nan, 10.5, math.nan, 11.5) == ["period-0", "period-0", "period-0", "period-1"]
    assert names_of(tasks, math.nan, math.inf, 10.5) == ["period-1", "period-1", "period-0"]


@pytest.mark.parametrize("options", [{}, {"every_events": 3, "every": "1h"}, {"every": "soon"}])
def test_a_schedule_needs_exactly_one_length(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="every"):
        ScheduledTasksOptions.model_validate(options)
