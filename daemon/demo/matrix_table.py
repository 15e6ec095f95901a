"""The retention matrix as a table, coloured so that forgetting is seen before it is read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.style import Style
from rich.table import Table
from rich.text import Text

from daemon.plots.score_colours import score_colour

if TYPE_CHECKING:
    from daemon.demo.learning import Learned
    from daemon.scoring.evaluation import Evaluation


def matrix_table(learned: Learned) -> Table:
    """Return R in per cent: after which regime, how well each one is done; a last row says how well now."""
    table = Table(
        title=f"R of {learned.name}: score on each regime's held-out events, in %",
        title_justify="left",
        title_style="bold",
        box=None,
        padding=(0, 1, 0, 0),
        header_style="dim",
    )
    table.add_column("after learning", no_wrap=True)
    for regime in learned.regimes:
        table.add_column(regime, justify="center", width=max(9, len(regime)), no_wrap=True)
    for evaluation in learned.boundaries:
        table.add_row(f"{evaluation.boundary + 1} {learned.regimes[evaluation.task]}", *_cells(evaluation, learned))
    now = learned.now
    table.add_row(f"now, {learned.regimes[now.task]}", *_cells(now, learned), style="bold")
    return table


def _cells(evaluation: Evaluation, learned: Learned) -> list[Text]:
    scores = evaluation.scores[: len(learned.regimes)].tolist()
    return [_cell(score, width=max(9, len(name))) for score, name in zip(scores, learned.regimes, strict=True)]


def _cell(score: float, *, width: int) -> Text:
    if math.isnan(score):
        return Text("")
    return Text(f"{100 * score:.0f}".center(width), style=shade(score))


def shade(score: float) -> Style:
    """Return the colours of a score from 0 to 1; beyond, of the nearest of the two.

    >>> str(shade(0.5))
    '#000000 on #f7f7f7'
    """
    return Style(color="#000000", bgcolor=score_colour(score))
