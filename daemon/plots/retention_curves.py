"""How well each task is still done while others are learned: one panel a learner, one line a task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MultipleLocator, PercentFormatter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from daemon.plots.segment import Segment

# The palette of Okabe & Ito (2008), which no kind of colour blindness confuses, without its yellow and black.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")
INK, FAINT, GRID = "#222222", "#666666", "#DDDDDD"
WIDTH_INCHES, PANEL_INCHES, HEAD_INCHES = 9.0, 2.3, 1.35
DOTS_PER_INCH = 200
DARK_LUMINANCE = 0.27  # below it (WCAG 2.2, relative luminance) white is easier to read than INK
# From a line's end to its label: dotted, so that nobody takes it for a fall of the score.
LEADER: Final[dict[str, Any]] = {
    "linewidth": 1.3,
    "linestyle": (0, (1, 1.6)),
    "shrinkA": 0,
    "shrinkB": 0,
    "relpos": (-0.05, 0.5),
    "patchA": None,
}
LABEL_GAP = 0.105  # between the labels at the right, as a share of a panel's height


@dataclass(frozen=True, slots=True)
class Panel:
    """One learner's evaluations, oldest first."""

    heading: str
    events: NDArray[np.int64]
    """``(evaluations,)``: where in the stream each was made."""
    scores: NDArray[np.float64]
    """``(evaluations, tasks)`` from 0 to 1, NaN where a task has no score yet."""


def retention_curves(
    panels: Sequence[Panel], *, tasks: Sequence[str], segments: Sequence[Segment], title: str, subtitle: str = ""
) -> Figure:
    """Return the panels one above the other, on shared axes, below a strip that says what was learned when.

    A line is thick while its own task is learned; at its end stand name and score.
    """
    height = HEAD_INCHES + PANEL_INCHES * len(panels)
    figure = Figure(figsize=(WIDTH_INCHES, height), dpi=DOTS_PER_INCH)
    grid = figure.add_gridspec(
        1 + len(panels), 1, height_ratios=[0.24] + [2.0] * len(panels), hspace=0.2,
        left=0.072, right=0.845, top=1 - 0.8 / height, bottom=0.5 / height,
    )  # fmt: skip
    strip = figure.add_subplot(grid[0])
    _draw_strip(strip, tasks=tasks, segments=segments)
    for row, panel in enumerate(panels, start=1):
        axes = figure.add_subplot(grid[row], sharex=strip)
        _draw_panel(axes, panel, tasks=tasks, segments=segments)
        axes.tick_params(labelbottom=row == len(panels))
    axes.set_xlabel("events", color=FAINT)
    figure.text(0.01, 1 - 0.16 / height, title, size=13.5, weight="bold", color=INK, va="top")
    figure.text(0.01, 1 - 0.44 / height, subtitle, size=10, color=FAINT, va="top")
    return figure


def _draw_strip(axes: Axes, *, tasks: Sequence[str], segments: Sequence[Segment]) -> None:
    axes.set(xlim=(0, segments[-1].stop), ylim=(0, 1))
    axes.axis("off")
    for segment in segments:
        middle, length = (segment.start + segment.stop) / 2, segment.stop - segment.start
        axes.bar(middle, 1, width=length, color=_colour(segment.task), edgecolor="white", linewidth=2)
        ink = _ink_on(_colour(segment.task))
        axes.text(middle, 0.46, tasks[segment.task], ha="center", va="center", size=9.5, color=ink)
    axes.text(-0.008, 0.46, "learning", transform=axes.transAxes, ha="right", va="center", size=9, color=FAINT)


def _draw_panel(axes: Axes, panel: Panel, *, tasks: Sequence[str], segments: Sequence[Segment]) -> None:
    axes.set_title(panel.heading, loc="left", size=10.5, weight="bold", color=INK, pad=4)
    axes.set_ylim(0, 1.03)
    axes.yaxis.set_major_locator(MultipleLocator(0.25))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda events, _: f"{events:,.0f}"))
    axes.tick_params(colors=FAINT, labelsize=9, length=0)
    axes.grid(axis="y", color=GRID, linewidth=0.7)
    axes.spines[:].set_visible(False)
    for segment in segments[1:]:
        axes.axvline(segment.start, color=FAINT, linewidth=0.7, linestyle=(0, (2, 3)))
    for task in range(len(tasks)):
        _draw_line(axes, panel, task=task, segments=segments)
    _label_lines(axes, panel, tasks=tasks)


def _draw_line(axes: Axes, panel: Panel, *, task: int, segments: Sequence[Segment]) -> None:
    scores, colour = panel.scores[:, task], _colour(task)
    axes.plot(panel.events, scores, color=colour, linewidth=1.5, solid_joinstyle="round", zorder=2)
    for segment in segments:
        if segment.task == task:
            within = (panel.events >= segment.start) & (panel.events <= segment.stop)
            axes.plot(panel.events[within], scores[within], color=colour, linewidth=3.2, zorder=3)


def _label_lines(axes: Axes, panel: Panel, *, tasks: Sequence[str]) -> None:
    last = panel.scores[-1]
    order = [task for task in np.argsort(-last, kind="stable").tolist() if not np.isnan(last[task])]
    places = spread_labels(last[order], gap=LABEL_GAP)
    for task, place in zip(order, places.tolist(), strict=True):
        axes.annotate(
            f"{tasks[task]} {last[task]:.0%}",
            xy=(1, last[task]), xytext=(1.022, place), xycoords=axes.get_yaxis_transform(), va="center", size=9.5,
            color=INK, annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": _colour(task), **LEADER},
        )  # fmt: skip


def spread_labels(heights: NDArray[np.float64], *, gap: float) -> NDArray[np.float64]:
    """Return places near ``heights`` (falling), at least ``gap`` apart, and within 0 and 1 where there is room.

    >>> spread_labels(np.array([1.0, 0.95, 0.4]), gap=0.1).round(2).tolist()
    [1.0, 0.9, 0.4]
    """
    places = heights.copy()
    for index in range(1, len(places)):
        places[index] = min(places[index], places[index - 1] - gap)
    lowest = 0.0
    for index in reversed(range(len(places))):
        places[index] = max(places[index], lowest)
        lowest = places[index] + gap
    return places


def _colour(task: int) -> str:
    return COLOURS[task % len(COLOURS)]


def _ink_on(colour: str) -> str:
    red, green, blue = to_rgb(colour)
    dark = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2 < DARK_LUMINANCE
    return "white" if dark else INK
