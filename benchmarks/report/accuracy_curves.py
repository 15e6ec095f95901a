"""How well all tasks so far are done as more are learned: one line a learner."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from daemon.plots.retention_curves import COLOURS, DOTS_PER_INCH, FAINT, GRID, INK, LEADER, spread_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

WIDTH_INCHES, HEIGHT_INCHES = 9.0, 4.6
LABEL_GAP = 0.05
STROKES = ("-", (0, (5, 2)), (0, (1, 1.5)))


@dataclass(frozen=True, slots=True)
class Curve:
    """One learner's scores over the tasks."""

    name: str
    scores: NDArray[np.float64]
    """``(seeds, ends)``: the mean over the tasks so far, after each end of a task."""


def accuracy_curves(curves: Sequence[Curve], *, title: str) -> Figure:
    """Return one panel: a line is the mean over seeds, the band around it their range."""
    figure = Figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES), dpi=DOTS_PER_INCH)
    axes = figure.add_subplot()
    figure.subplots_adjust(left=0.07, right=0.8, top=0.88, bottom=0.12)
    strokes = [(colour, stroke) for stroke in STROKES for colour in COLOURS]
    for curve, (colour, stroke) in zip(curves, cycle(strokes), strict=False):
        ends = np.arange(1, curve.scores.shape[1] + 1)
        axes.plot(ends, curve.scores.mean(axis=0), color=colour, linestyle=stroke, linewidth=1.8)
        low, high = curve.scores.min(axis=0), curve.scores.max(axis=0)
        axes.fill_between(ends, low, high, color=colour, alpha=0.15, linewidth=0)
    _dress(axes)
    _label(axes, curves, colours=[colour for (colour, _), _ in zip(cycle(strokes), curves, strict=False)])
    figure.text(0.01, 0.97, title, size=12, weight="bold", color=INK, va="top")
    return figure


def _dress(axes: Axes) -> None:
    axes.margins(x=0)
    axes.set_xlabel("tasks learned", color=FAINT)
    axes.set_title("mean score on the tasks so far", loc="left", size=10, color=FAINT)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.tick_params(colors=FAINT, labelsize=9, length=0)
    axes.grid(axis="y", color=GRID, linewidth=0.7)
    axes.spines[:].set_visible(False)


def _label(axes: Axes, curves: Sequence[Curve], *, colours: Sequence[str]) -> None:
    """Write each name beside its line's end, from the highest down."""
    last = np.array([curve.scores[:, -1].mean() for curve in curves])
    order = np.argsort(-last, kind="stable").tolist()
    low, high = axes.get_ylim()
    places = spread_labels((last[order] - low) / (high - low), gap=LABEL_GAP)
    for index, place in zip(order, places.tolist(), strict=True):
        axes.annotate(
            f"{curves[index].name} {last[index]:.1%}",
            xy=(1, (last[index] - low) / (high - low)), xytext=(1.03, place), xycoords="axes fraction", va="center",
            size=9, color=INK, annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colours[index], **LEADER},
        )  # fmt: skip
