"""How well each setting of a benchmark predicted on arrival, over the stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.report.markup import Markup, element
from daemon.report.plot_frame import PlotFrame, path, ticks
from daemon.report.retention_charts import task_class
from daemon.report.wording import compact, per_cent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.literature.outcome import Outcome

_HEIGHT = 220
_LEAST_PLACES = 2


def prequential_chart(outcomes: Mapping[str, Sequence[Outcome]]) -> Markup | None:
    """Return a line for each setting, the mean over its seeds; None where no course was kept."""
    courses = {setting: course for setting, runs in outcomes.items() if len(course := _mean(runs)) >= _LEAST_PLACES}
    if not courses:
        return None
    end = max(events for course in courses.values() for events, _ in course)
    frame = PlotFrame(height=_HEIGHT, x=(0, end), y=(0, 1))
    frame.grid([0, 0.25, 0.5, 0.75, 1], lambda share: f"{100 * share:.0f}%")
    frame.axis(ticks(end, 4), compact)
    for place, course in enumerate(courses.values()):
        places = [(frame.x(events), frame.y(value)) for events, value in course]
        frame.add("path", class_=f"line {task_class(place)}", d=path(places))
    names = [
        element("li", element("i", class_=f"swatch {task_class(place)}"), element("span", setting))
        for place, setting in enumerate(courses)
    ]
    last = ", ".join(f"{setting} {per_cent(course[-1][1])}" for setting, course in courses.items())
    caption = element("figcaption", "Predicted on arrival, over the stream ")
    caption_note = element("p", "Accuracy in the window before; the mean over seeds.", class_="hint")
    svg = frame.svg(says=f"Accuracy on arrival over {end:,} events; at last {last}")
    legend = element("ul", *names, class_="legend across")
    return element("figure", caption, svg, legend, caption_note, class_="alone")


def _mean(runs: Sequence[Outcome]) -> list[tuple[int, float]]:
    """Return places and means; those at which every seed has a score."""
    scores: dict[int, list[float]] = {}
    for run in runs:
        for events, score in run.course:
            if score is not None:
                scores.setdefault(events, []).append(score)
    return [(at, sum(found) / len(runs)) for at, found in sorted(scores.items()) if len(found) == len(runs)]
