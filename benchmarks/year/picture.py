"""The year in one picture: what was made when, how it was told on arrival, and what was kept of days ago."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from benchmarks.year.campaigns import PRODUCTS
from benchmarks.year.recovery import NEW, RETURNS, moments
from benchmarks.year.retention import AGES, NOW, THEN
from benchmarks.year.simulator import CEILING
from daemon.learning.snapshot import COMMITTEE, MAIN
from daemon.plots.retention_curves import COLOURS, DOTS_PER_INCH, FAINT, GRID, INK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes

    from benchmarks.year.figures import Year
    from benchmarks.year.simulator import Simulator

WIDTH_INCHES, HEIGHT_INCHES = 9.0, 8.4
LOWEST = 0.2
"""The share at which panels begin at the lowest."""
STROKES = {THEN: "-", NOW: (0, (2, 1.5))}
LETTERS = {
    "stuck": "s", "sentinel": "9", "noise": "n", "replaced": "r", "unit": "U", "unit back": "U",
    "recalibrated": "c", "outage": "o",
}  # fmt: skip
EXPLAINED = (
    "s stuck, 9 sensor shows -9999, n noise, r replaced, U another unit, c recalibrated after a drift, o outage"
)


def picture(years: Sequence[Year], simulator: Simulator, *, title: str) -> Figure:
    """Return a panel of the accuracy on arrival by week, and one for each age of what was kept."""
    figure = Figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES), dpi=DOTS_PER_INCH)
    grid = figure.add_gridspec(
        4, 2, height_ratios=(0.22, 2.4, 1.5, 1.5), hspace=0.42, wspace=0.12, left=0.065, right=0.985, top=0.905,
        bottom=0.055,
    )  # fmt: skip
    strip = figure.add_subplot(grid[0, :])
    _draw_strip(strip, simulator)
    arrival = figure.add_subplot(grid[1, :], sharex=strip)
    _draw_arrival(arrival, years, simulator)
    for place, age in enumerate(AGES):
        axes = figure.add_subplot(grid[2 + place // 2, place % 2])
        _draw_kept(axes, years, simulator, age=age)
    handles, names = arrival.get_legend_handles_labels()
    figure.legend(handles, names, loc="upper left", bbox_to_anchor=(0.055, 0.965), ncols=len(names), frameon=False,
                  fontsize=9, handletextpad=0.5, columnspacing=1.4)  # fmt: skip
    figure.text(0.01, 0.988, title, size=12.5, weight="bold", color=INK, va="top")
    return figure


def _draw_strip(axes: Axes, simulator: Simulator) -> None:
    for one in simulator.campaigns:
        shade = 0.93 - 0.3 * PRODUCTS.index(one.product) / len(PRODUCTS)
        axes.axvspan(one.start, one.end, color=(shade,) * 3, linewidth=0)
        axes.text((one.start + one.end) / 2, 0.5, one.product, ha="center", va="center", size=7.5, color=INK)
    axes.set_xlim(0, simulator.days)
    axes.set_yticks([])
    axes.tick_params(labelbottom=False, length=0)
    axes.spines[:].set_visible(False)


def _draw_arrival(axes: Axes, years: Sequence[Year], simulator: Simulator) -> None:
    for year, colour in _coloured(years):
        shares = [one.answers[1] / max(one.answers[0], 1) for one in year.points]
        axes.plot([one.day for one in year.points], shares, color=colour, linewidth=1.7, label=year.name)
    axes.axhline(CEILING, color=FAINT, linewidth=1, linestyle=(0, (4, 2)), label="the best possible")
    low = axes.get_ylim()[0]
    for one in moments(simulator):
        if one.kind not in (NEW, RETURNS):
            axes.axvline(one.time, color=GRID, linewidth=0.8, zorder=0)
            axes.text(one.time, low, LETTERS[one.kind], size=8, color=FAINT, ha="center", va="bottom")
    _dress(axes, simulator, title=f"on arrival, by week ({EXPLAINED})")
    axes.set_ylim(low, 1.0)


def _draw_kept(axes: Axes, years: Sequence[Year], simulator: Simulator, *, age: str) -> None:
    for year, colour in _coloured(years):
        for sensors, stroke in STROKES.items():
            found = [(one.day, _answered(one.kept.get(f"{age}-{sensors}", {}))) for one in year.points]
            days, scores = [day for day, _ in found], [score for _, score in found]
            axes.plot(days, scores, color=colour, linestyle=stroke, linewidth=1.3)
    _dress(axes, simulator, title=f"now, of rows a {age} ago (dashed: today's sensors)")
    axes.set_ylim(max(LOWEST, axes.get_ylim()[0]), 1.005)
    axes.set_xlim(0, simulator.days)


def _answered(scores: dict[str, float]) -> float:
    """Return the score of who answers: the committee, or the main learner where there is none."""
    return scores.get(COMMITTEE, scores.get(MAIN, np.nan))


def _coloured(years: Sequence[Year]) -> Iterator[tuple[Year, str]]:
    return zip(years, cycle(COLOURS), strict=False)


def _dress(axes: Axes, simulator: Simulator, *, title: str) -> None:
    axes.set_title(title, loc="left", size=8.5, color=FAINT)
    axes.set_xticks(np.arange(0, simulator.days + 1, simulator.days / 12).round().tolist())
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.tick_params(colors=FAINT, labelsize=8, length=0)
    axes.grid(axis="y", color=GRID, linewidth=0.7)
    axes.spines[:].set_visible(False)
