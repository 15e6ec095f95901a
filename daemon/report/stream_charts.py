"""Rate and lag over the whole run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.report.markup import Markup, element
from daemon.report.plot_frame import PlotFrame, path, ticks
from daemon.report.wording import compact, moment, rate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemon.telemetry.history.flow import Stretch

_HEIGHT = 150
_HEADROOM = 1.08
_TOGETHER_SECONDS = 0.001


def stream_charts(stretches: Sequence[Stretch]) -> Markup:
    """Return both as steps over time, with gaps where no process ran; nothing where nothing is known."""
    rates = [each.events / each.seconds if each.seconds > 0 else None for each in stretches]
    seconds = sum(each.seconds for each in stretches)
    mean = sum(each.events for each in stretches) / seconds if seconds > 0 else None
    charts = [
        _chart("Events per second", stretches, rates, sum_=f"{rate(mean)} on average"),
        _chart("Lag, records", stretches, [each.lag for each in stretches], sum_=_last_lag(stretches)),
    ]
    return element("div", *(chart for chart in charts if chart is not None), class_="pair")


def _chart(title: str, stretches: Sequence[Stretch], values: Sequence[float | None], *, sum_: str) -> Markup | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    start, stop = stretches[0].start, stretches[-1].stop
    top = max(*known, 1) * _HEADROOM
    frame = PlotFrame(height=_HEIGHT, x=(start, stop), y=(0, top))
    frame.grid(ticks(top, 3), compact)
    frame.axis([start, stop], lambda at: moment(at, short=True))
    for run in _unbroken(stretches, values):
        places = [(frame.x(at), frame.y(value)) for each, value in run for at in (each.start, each.stop)]
        down = [(places[-1][0], float(frame.floor)), (places[0][0], float(frame.floor))]
        frame.add("path", class_="area", d=f"{path([*places, *down])}Z")
        frame.add("path", class_="flow", d=path(places))
    says = (
        f"{title}: {sum_}, between {rate(min(known))} and {rate(max(known))} from {moment(start)} to {moment(stop)}"
    )
    caption = element("figcaption", f"{title} ", element("b", sum_))
    return element("figure", caption, frame.svg(says=says), class_="flow-figure")


def _unbroken(
    stretches: Sequence[Stretch], values: Sequence[float | None]
) -> Sequence[Sequence[tuple[Stretch, float]]]:
    """Return the runs of stretches that follow one another without a gap in time or knowledge."""
    runs: list[list[tuple[Stretch, float]]] = []
    before: Stretch | None = None
    for each, value in zip(stretches, values, strict=True):
        if value is None:
            before = None
            continue
        if before is None or each.start - before.stop > _TOGETHER_SECONDS:
            runs.append([])
        runs[-1].append((each, value))
        before = each
    return runs


def _last_lag(stretches: Sequence[Stretch]) -> str:
    last = stretches[-1].lag if stretches else None
    return f"{rate(last)} at last"
