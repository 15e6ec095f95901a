"""The two learners side by side, in figures and in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemon.demo.learning import Learned


def comparison_table(naive: Learned, retaind: Learned) -> Table:
    """Return the figures of both; None in a figure is left blank."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("at the end", no_wrap=True)
    for learned in (naive, retaind):
        table.add_column(learned.name, justify="right", no_wrap=True)
    table.add_column("", style="dim")
    for label, meaning, value in _FIGURES:
        table.add_row(label, value(naive), value(retaind), meaning)
    return table


def finding(naive: Learned, retaind: Learned) -> str:
    """Return the difference in one sentence."""
    return (
        f"After {naive.standing.events:,} events the naive learner is right on {_average(naive)} of held-out"
        f" events, averaged over all {len(naive.regimes)} regimes (worst: {_worst(naive)}); with replay and EWC"
        f" on {_average(retaind)} (worst: {_worst(retaind)})."
    )


def _average(learned: Learned) -> str:
    return _percent(learned.figures.average_score)


def _worst(learned: Learned) -> str:
    score, regime = min(
        (task.now, learned.regimes[index]) for index, task in learned.figures.tasks.items() if task.now is not None
    )
    return f"{regime}, {_percent(score)}"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _points(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}"


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


_FIGURES: tuple[tuple[str, str, Callable[[Learned], str]], ...] = (
    ("average score", "mean over the regimes", _average),
    ("backward transfer", "points since each was first learned", lambda of: _points(of.figures.backward_transfer)),
    ("forgetting", "points below each one's best", lambda of: _points(of.figures.forgetting)),
    ("worst-case accuracy", "with the deepest fall of each", lambda of: _percent(of.figures.wc_acc)),
    ("prequential accuracy", "test, then train", lambda of: _percent(of.prequential.accuracy)),
    ("kappa", "0 is repeating the last label", lambda of: _ratio(of.prequential.kappa)),
    ("events/s", "on this machine", lambda of: f"{of.standing.events_per_second:,.0f}"),
)
