"""Retention matrices as maps: a row for each end of a task, a column for each task, coloured by score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from daemon.plots.retention_curves import DOTS_PER_INCH, FAINT, INK
from daemon.plots.score_colours import score_colour

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

COLUMNS, MAP_INCHES, HEAD_INCHES = 3, 3.0, 0.8
MOST_NUMBERS = 10
"""With more tasks than this a cell has no room for its number."""
FEW_LABELS = 6


@dataclass(frozen=True, slots=True)
class Map:
    """One learner's R."""

    heading: str
    scores: NDArray[np.float64]
    """``(ends, tasks)`` from 0 to 1, NaN where a task has no score yet."""


def matrix_maps(maps: Sequence[Map], *, tasks: Sequence[str], title: str) -> Figure:
    """Return the maps side by side, in rows of three."""
    columns, rows = min(COLUMNS, len(maps)), -(-len(maps) // COLUMNS)
    width, height = 0.4 + MAP_INCHES * columns, HEAD_INCHES + MAP_INCHES * rows
    figure = Figure(figsize=(width, height), dpi=DOTS_PER_INCH)
    grid = figure.add_gridspec(
        rows, columns, hspace=0.35, wspace=0.25,
        left=0.6 / width, right=1 - 0.1 / width, top=1 - HEAD_INCHES / height, bottom=0.5 / height,
    )  # fmt: skip
    for place, one in enumerate(maps):
        _draw(figure.add_subplot(grid[divmod(place, COLUMNS)]), one, tasks=tasks)
    figure.text(0.1 / width, 1 - 0.12 / height, title, size=12, weight="bold", color=INK, va="top")
    return figure


def _draw(axes: Axes, one: Map, *, tasks: Sequence[str]) -> None:
    axes.imshow(_colours(one.scores), aspect="auto")
    axes.set_title(one.heading, loc="left", size=9.5, weight="bold", color=INK, pad=4)
    axes.set_xlabel("score on task", size=8, color=FAINT)
    axes.set_ylabel("after task", size=8, color=FAINT)
    axes.tick_params(colors=FAINT, labelsize=7.5, length=0)
    axes.spines[:].set_visible(False)
    axes.set_xticks(range(len(tasks)), _labels(tasks))
    axes.set_yticks(
        range(len(one.scores)), _labels(tasks if len(tasks) == len(one.scores) else [""] * len(one.scores))
    )
    if len(tasks) <= MOST_NUMBERS:
        _write_numbers(axes, one.scores)


def _labels(tasks: Sequence[str]) -> list[str]:
    """Return names where there are few tasks, else some of their numbers."""
    if len(tasks) <= FEW_LABELS:
        return list(tasks)
    return [
        str(number) if number in (1, len(tasks)) or number % 5 == 0 else "" for number in range(1, len(tasks) + 1)
    ]


def _colours(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return red, green, blue of every cell ``(ends, tasks, 3)``; white where there is no score."""
    colours = [
        [(1.0, 1.0, 1.0) if np.isnan(s) else to_rgb(score_colour(s)) for s in row] for row in scores.tolist()
    ]
    return np.array(colours).reshape(*scores.shape, 3)


def _write_numbers(axes: Axes, scores: NDArray[np.float64]) -> None:
    for (row, column), score in np.ndenumerate(scores):
        if not np.isnan(score):
            axes.text(column, row, f"{100 * score:.0f}", ha="center", va="center", size=8, color=INK)
