"""The pictures of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from daemon.plots.labels import drawable
from daemon.plots.matrix_maps import Map, matrix_maps
from daemon.plots.png import png
from daemon.plots.retention_curves import Panel, Segment, retention_curves

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemon.report.run_record import LearnerRecord, RunRecord

MOST_TASKS, MOST_BOUNDARIES, LEAST_POINTS = 12, 40, 2
"""What there is room for in a picture; of boundaries, the last ones are drawn."""


def matrix_picture(run: RunRecord) -> bytes | None:
    """Return R of every learner as a PNG; None before the first boundary."""
    drawn = [learner for learner in run.learners if learner.boundaries]
    if not drawn:
        return None
    tasks = scored_tasks(run)
    maps = [
        Map(learner.name, np.array([row.scores[tasks] for row in learner.boundaries[-MOST_BOUNDARIES:]]))
        for learner in drawn
    ]
    return png(matrix_maps(maps, tasks=_names(run, tasks), title="R: score on each task after each boundary"))


def curves_picture(run: RunRecord) -> bytes | None:
    """Return the scores over the life of the run as a PNG; None where there are too few examinations."""
    drawn = [learner for learner in run.learners if len(learner.course) >= LEAST_POINTS]
    if not drawn or drawn[0] is not run.learners[0]:
        return None
    tasks = scored_tasks(run)
    figure = retention_curves(
        [_panel(learner, tasks) for learner in drawn],
        tasks=_names(run, tasks),
        segments=_segments(drawn[0], tasks),
        title="What each learner still knows",
        subtitle="Score on held-out events of each task, at boundaries and at the end",
    )
    return png(figure)


def scored_tasks(run: RunRecord) -> list[int]:
    """Return the tasks that the main learner has a score of, as many as there is room for."""
    known = [code for code, of in sorted(run.learners[0].figures.tasks.items()) if of.now is not None]
    return known[:MOST_TASKS]


def _names(run: RunRecord, tasks: Sequence[int]) -> list[str]:
    return [drawable(run.tasks[task]) for task in tasks]


def _panel(learner: LearnerRecord, tasks: list[int]) -> Panel:
    return Panel(
        heading=learner.name,
        events=np.array([each.events for each in learner.course]),
        scores=np.array([each.scores[tasks] for each in learner.course]),
    )


def _segments(learner: LearnerRecord, tasks: list[int]) -> list[Segment]:
    places = {task: place for place, task in enumerate(tasks)}
    stops = [each.events for each in learner.course]
    starts = [0, *stops[:-1]]
    return [
        Segment(places[each.task], start, stop)
        for each, start, stop in zip(learner.course, starts, stops, strict=True)
        if each.task in places and stop > start
    ]
