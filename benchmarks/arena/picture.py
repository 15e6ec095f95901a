"""The arena in one picture: on each stream, how far everybody is from the best reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from benchmarks.arena.learners import LEARNERS, RETAIND
from daemon.plots.retention_curves import COLOURS, DOTS_PER_INCH, FAINT, GRID, INK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

    from benchmarks.arena.standing import Standing

WIDTH_INCHES, HEAD_INCHES, STREAM_INCHES = 9.0, 1.9, 0.42
LEAST_POINTS, MARGIN_POINTS = -25.0, 3.0
"""Whoever is further behind is drawn at the left edge, as an arrow."""
MARKERS = ("D", "s", "^", "v", "o", "P")
BETWEEN = 0.16  # between the markers of one stream, so that those that are level can be told apart


def picture(standings: Mapping[str, Standing], *, title: str) -> Figure:
    """Return one panel: a row a stream, a marker a learner, its place the points ahead of the best reference."""
    height = HEAD_INCHES + STREAM_INCHES * len(standings)
    figure = Figure(figsize=(WIDTH_INCHES, height), dpi=DOTS_PER_INCH)
    axes = figure.add_subplot()
    figure.subplots_adjust(left=0.12, right=0.97, top=1 - 1.0 / height, bottom=0.6 / height)
    names = [name for name in LEARNERS if any(name in of.scores for of in standings.values())]
    for place, name in enumerate(names):
        _draw(axes, standings, name, place=place, of=len(names))
    _dress(axes, list(standings))
    figure.legend(loc="upper left", bbox_to_anchor=(0.1, 1 - 0.45 / height), ncols=len(names), frameon=False,
                  fontsize=9, handletextpad=0.2, columnspacing=1.2)  # fmt: skip
    figure.text(0.01, 1 - 0.16 / height, title, size=12, weight="bold", color=INK, va="top")
    return figure


def _draw(axes: Axes, standings: Mapping[str, Standing], name: str, *, place: int, of: int) -> None:
    colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
    size = 64 if name == RETAIND else 34
    axes.scatter([], [], s=size, color=colour, marker=marker, label=name)
    for row, standing in enumerate(standings.values()):
        best = standing.best_reference
        if best is None or name not in standing.scores:
            continue
        points = 100 * (standing.scores[name] - best)
        height = row + (place - (of - 1) / 2) * BETWEEN / 2
        if points < LEAST_POINTS:
            axes.scatter([LEAST_POINTS], [height], s=size, color=colour, marker="<", zorder=2)
        else:
            axes.scatter(
                [points], [height], s=size, color=colour, marker=marker, zorder=3 if name == RETAIND else 2
            )


def _dress(axes: Axes, streams: list[str]) -> None:
    axes.axvline(0, color=FAINT, linewidth=1, zorder=1)
    axes.set_yticks(range(len(streams)), streams)
    axes.set_ylim(len(streams) - 0.4, -0.6)
    most = max(axes.get_xlim()[1], MARGIN_POINTS)
    axes.set_xlim(LEAST_POINTS - 1, most)
    axes.set_xlabel(
        "points of accuracy or R² ahead of the best reference (0); an arrow is further behind", color=FAINT
    )
    axes.tick_params(colors=FAINT, labelsize=9.5, length=0)
    axes.grid(axis="x", color=GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
