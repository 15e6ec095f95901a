"""R of each learner as a heat map: a table, so that it reads without its colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from daemon.report.markup import Markup, element
from daemon.report.wording import LEARNERS, score, short_score
from daemon.telemetry.history.recorder import MOST_BOUNDARIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemon.report.run_record import LearnerRecord, RunRecord


def matrix_tables(run: RunRecord) -> Markup | None:
    """Return R of every learner, with its scores now as the last row; None before the first boundary."""
    drawn = [_framed(run, learner) for learner in run.learners if learner.boundaries]
    return element("div", *drawn, class_="pair") if drawn else None


def _framed(run: RunRecord, learner: LearnerRecord) -> Markup:
    name = LEARNERS.get(learner.name, learner.name)
    names = [
        element("th", element("span", run.tasks[task]), scope="col", title=run.tasks[task]) for task in run.scored
    ]
    head = element("thead", element("tr", element("th", "after", scope="col"), *names))
    rows = [
        _row(run, f"{row.boundary + 1} {run.tasks[row.task]}", row.scores[run.scored].tolist(), own=row.task)
        for row in learner.boundaries[-MOST_BOUNDARIES:]
    ]
    now = [np.nan if (of := learner.figures.tasks.get(task)) is None else _or_nan(of.now) for task in run.scored]
    rows.append(_row(run, "now", now, own=run.current_task, class_="now"))
    table = element("table", element("caption", name), head, element("tbody", *rows), class_="matrix")
    frame = {"role": "region", "aria-label": f"Retention matrix, {name}", "tabindex": "0"}
    return element("div", table, class_="wide", **frame)


def _row(run: RunRecord, name: str, scores: Sequence[float], *, own: int | None, class_: str = "past") -> Markup:
    cells = [_cell(run, value, task=task, own=task == own) for task, value in zip(run.scored, scores, strict=True)]
    heading = element("th", element("span", name), scope="row", title=name)
    return element("tr", heading, *cells, class_=class_)


def _cell(run: RunRecord, value: float, *, task: int, own: bool) -> Markup:
    if np.isnan(value):
        return element("td", class_="none")
    share = min(max(value, 0.0), 1.0)
    look = f"{'low' if share < 1 / 2 else 'high'}{' own' if own else ''}"
    title = f"{run.tasks[task]}: {score(value, percent=run.percent)}"
    mix = f"--mix: {abs(200 * share - 100):.0f}%"
    return element("td", short_score(value, percent=run.percent), class_=look, title=title, style=mix)


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value
