"""Each learner's retention curves: how well each task is still done while others are learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from daemon.plots.segment import Segment
from daemon.report.markup import Markup, element
from daemon.report.plot_frame import PlotFrame, path, ticks
from daemon.report.wording import LEARNERS, compact, score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemon.report.run_record import LearnerRecord, RunRecord

_HEIGHT, _FOOT, _LETTER, _COLOURS = 250, 44, 6.6, 8
_LEAST_POINTS = 2


def retention_charts(run: RunRecord) -> Markup | None:
    """Return a chart for each learner; None where the main learner was not evaluated twice."""
    if len(run.learners[0].curve) < _LEAST_POINTS:
        return None
    stretches = segments(run)
    charts = [_chart(run, each, stretches) for each in run.learners if len(each.curve) >= _LEAST_POINTS]
    return element("div", *charts, class_="pair")


def task_class(place: int) -> str:
    """Return the classes of the colour that a task has everywhere; beyond eight a dashed line tells them apart."""
    return f"task{place % _COLOURS}{' dashed' if place >= _COLOURS else ''}"


def segments(run: RunRecord) -> list[Segment]:
    """Return what was learned when; what lies before the first row that is kept is not known."""
    rows, found = run.learners[0].boundaries, []
    start = 0 if not rows or rows[0].boundary == 0 else None
    for row in rows:
        if start is not None:
            found.append(Segment(row.task, start, row.events))
        start = row.events
    if start is not None and run.current_task is not None and run.events > start:
        found.append(Segment(run.current_task, start, run.events))
    return found


def _chart(run: RunRecord, learner: LearnerRecord, stretches: Sequence[Segment]) -> Markup:
    scores = np.array([point.scores for point in learner.curve])
    below = bool(np.nanmin(scores, initial=0.0) < 0) and not run.percent
    frame = PlotFrame(height=_HEIGHT, foot=_FOOT, x=(0, max(run.events, 1)), y=(-1 if below else 0, 1))
    frame.grid([-1, -0.5, 0, 0.5, 1] if below else [0, 0.25, 0.5, 0.75, 1], _share if run.percent else _plain)
    frame.axis(ticks(run.events, 4), compact)
    _strip(frame, run, stretches)
    for each in stretches[1:]:
        frame.vertical(each.start, class_="boundary")
    events = [point.events for point in learner.curve]
    for place, task in enumerate(run.scored):
        own = [each for each in stretches if each.task == task]
        _line(frame, events, scores[:, task].tolist(), own=own, class_=task_class(place))
    average = score(learner.figures.average_score, percent=run.percent)
    name = LEARNERS.get(learner.name, learner.name)
    now = ", ".join(
        f"{run.tasks[task]} {score(learner.curve[-1].scores[task], percent=run.percent)}" for task in run.scored
    )
    caption = element("figcaption", f"{name} ", element("span", f"{average} on average", class_="muted"))
    says = f"Retention curves, {name}: {len(events)} evaluations over {run.events:,} events; at last {now}"
    return element("figure", caption, frame.svg(says=says), class_="curve")


def _strip(frame: PlotFrame, run: RunRecord, stretches: Sequence[Segment]) -> None:
    """Draw below the floor which task was learned when; names only where most of them have room."""
    places = {task: place for place, task in enumerate(run.scored)}
    shown = [each for each in stretches if each.task in places]
    widths = [max(frame.x(each.stop) - frame.x(each.start) - 1, 1) for each in shown]
    fits = [len(run.tasks[each.task]) * _LETTER < width - 4 for each, width in zip(shown, widths, strict=True)]
    for each, width, fit in zip(shown, widths, fits, strict=True):
        x = frame.x(each.start)
        look = f"strip {task_class(places[each.task])}"
        frame.add("rect", class_=look, x=x, y=frame.floor + 5, width=width, height=5)
        if fit and 2 * sum(fits) > len(fits):
            where = {"x": x + width / 2, "y": frame.floor + 22}
            frame.add("text", run.tasks[each.task], class_="segment", text_anchor="middle", **where)


def _line(frame: PlotFrame, events: list[int], scores: list[float], *, own: Sequence[Segment], class_: str) -> None:
    """Draw one task: thick while it is learned itself, with a dot at its end."""
    places = [
        None if np.isnan(value) else (frame.x(at), frame.y(max(value, -1.0)))
        for at, value in zip(events, scores, strict=True)
    ]
    frame.add("path", class_=f"line {class_}", d=path(places))
    for each in own:
        within = [place for at, place in zip(events, places, strict=True) if each.start < at <= each.stop]
        frame.add("path", class_=f"line own {class_}", d=path(within))
    known = [place for place in places if place is not None]
    if known:
        frame.add("circle", class_=f"dot {class_}", cx=known[-1][0], cy=known[-1][1], r=3)


def _share(value: float) -> str:
    return f"{100 * value:.0f}%"


def _plain(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")
