"""The summary of a run as tables in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from connectors.printable import printable
from daemon.learning.snapshot import COMMITTEE, MAIN
from daemon.process.tables import plain_table
from daemon.report.wording import NONE, count, lost, per_cent, score
from daemon.telemetry.comparison import NAIVE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console
    from rich.table import Table

    from daemon.report.summary import RunSummary
    from daemon.scoring.prequential_score import PrequentialScore

_MOST_ROWS = 24
"""Tasks, or classes, that are shown."""


def print_summary(summary: RunSummary, console: Console) -> None:
    """Print what came of a run: events, scores beside those of references, classes, tasks."""
    for line in _lines(summary):
        console.print(line)
    if not summary.learners:
        return
    tables = [_scores(summary)]
    tables += [_classes(summary)] if summary.by_class else []
    tables += [_tasks(summary)] if any(of.figures.tasks for of in summary.learners.values()) else []
    for table in tables:
        console.print()
        console.print(table)


def _lines(summary: RunSummary) -> Iterator[str]:
    rejected = sum(summary.rejected.values())
    yield f"{count(summary.events)} events predicted, then learned; {count(rejected)} records rejected"
    for reason, number in sorted(summary.rejected.items(), key=lambda pair: -pair[1]):
        stage, _, why = reason.partition("/")
        yield f"  {count(number)} {why} ({stage})"


def _scores(summary: RunSummary) -> Table:
    """Return a row for each who predicts; who has not predicted all the events is no match, and says so."""
    main = summary.learners[MAIN].total
    if summary.is_of_classes:
        table = plain_table("predictions on arrival", "accuracy", "newest", "events", right=_RIGHT)
    else:
        table = plain_table("predictions on arrival", "R²", "newest", "MAE", "RMSE", "events", right=_RIGHT)
    for name, of in summary.learners.items():
        if not of.total.rows:
            continue
        scores = [_score(summary, of.total), _score(summary, of.window)]
        errors = [] if summary.is_of_classes else [_amount(of.total.mae), _amount(of.total.rmse)]
        table.add_row(_NAMES.get(name, name), *scores, *errors, count(of.total.rows))
    window = summary.learners[MAIN].window
    repeated = [score(of.no_change_score, percent=summary.is_of_classes) for of in (main, window)]
    errors = [] if summary.is_of_classes else [NONE, _amount(main.no_change_rmse)]
    table.add_row("the last label again", *repeated, *errors, count(main.compared))
    return table


def _score(summary: RunSummary, of: PrequentialScore) -> str:
    return score(of.retention_score, percent=summary.is_of_classes)


def _amount(value: float | None) -> str:
    return NONE if value is None else f"{value:.4g}"


def _classes(summary: RunSummary) -> Table:
    shown = sorted(summary.by_class.items(), key=lambda pair: -pair[1].rows)
    table = plain_table("class", "events", "recall", "precision", right=_RIGHT)
    for name, of in shown[:_MOST_ROWS]:
        table.add_row(Text(printable(name)), count(of.rows), per_cent(of.recall), per_cent(of.precision))
    if len(shown) > _MOST_ROWS:
        table.add_row(f"… and {len(shown) - _MOST_ROWS} more")
    table.add_row("balanced accuracy", "", per_cent(summary.balanced_accuracy), "", style="bold")
    return table


def _tasks(summary: RunSummary) -> Table:
    """Return a row for each task: how well the model still does it, and the same one without strategies."""
    names = [name for name in _SHORT if name in summary.learners and summary.learners[name].figures.tasks]
    percent = summary.is_of_classes
    table = plain_table("retention, on held-out events", *_headings(names), "held out", right=_RIGHT)
    figures = {name: summary.learners[name].figures.tasks for name in names}
    codes = sorted({code for of in figures.values() for code in of})
    for code in codes[-_MOST_ROWS:]:
        cells = []
        for name in names:
            of = figures[name].get(code)
            cells += [score(None if of is None else of.now, percent=percent)]
            cells += [lost(None if of is None else of.forgetting, percent=percent)]
        samples = max((figures[name][code].samples for name in names if code in figures[name]), default=0)
        table.add_row(Text(printable(summary.tasks.get(code, "")) or "(all)"), *cells, count(samples))
    return table


def _headings(names: list[str]) -> list[str]:
    return [heading for name in names for heading in (_SHORT[name], "forgotten")]


_NAMES = {
    COMMITTEE: "what is published (committee)",
    MAIN: "the model alone",
    NAIVE: "naive: without strategies",
    "frozen": "frozen after the first task",
    "challenger": "challenger",
}
_SHORT = {MAIN: "the model", NAIVE: "naive"}
_RIGHT = (
    *_SHORT.values(),
    "accuracy",
    "newest",
    "R²",
    "MAE",
    "RMSE",
    "events",
    "recall",
    "precision",
    "held out",
    "forgotten",
)
