"""How far the learners are: a table with bars on a terminal, else a line for each regime."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from daemon.demo.configuration import NAIVE, RETAIND

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from daemon.demo.learning import Standing

_BAR_WIDTH = 24


class Progress(Protocol):
    """Is told where each learner stands."""

    def show(self, name: str, standing: Standing) -> None:
        """Take note of where the learner ``name`` stands."""


@contextmanager
def progress_on(console: Console, *, events: int) -> Iterator[Progress]:
    """Show on ``console``, while the context lasts, how much of ``events`` each learner has learned."""
    if console.is_terminal:
        bars = Bars(events)
        with Live(get_renderable=bars.table, console=console, refresh_per_second=8):
            yield bars
    else:
        yield Lines(console)


class Bars:
    """A bar for each learner, with its figures."""

    def __init__(self, events: int) -> None:
        self._events = events
        self._standings: dict[str, Standing | None] = {NAIVE: None, RETAIND: None}

    def show(self, name: str, standing: Standing) -> None:
        """Take note; the next refresh shows it."""
        self._standings[name] = standing

    def table(self) -> Table:
        """Return what is to be seen now."""
        table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
        table.add_column("learner")
        table.add_column("", width=_BAR_WIDTH)
        for heading in ("events", "events/s"):
            table.add_column(heading, justify="right")
        table.add_column("regime", width=9)
        table.add_column("accuracy", justify="right")
        for name, standing in self._standings.items():
            events = 0 if standing is None else standing.events
            table.add_row(name, ProgressBar(self._events, events, width=_BAR_WIDTH), *_cells(standing))
        return table


class Lines:
    """A line whenever a regime is over."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._before: dict[str, Standing] = {}

    def show(self, name: str, standing: Standing) -> None:
        """Write a line if another regime has begun."""
        before = self._before.get(name)
        if before is None or before.regime != standing.regime:
            events, speed, regime, accuracy = _cells(standing)
            self._console.print(f"{name:<8} {events:>6} events, {speed:>6}/s, accuracy {accuracy:>6}, now {regime}")
        self._before[name] = standing


def _cells(standing: Standing | None) -> tuple[str, str, str, str]:
    if standing is None:
        return "", "", "", ""
    accuracy = "" if standing.accuracy is None else f"{standing.accuracy:.1%}"
    return f"{standing.events:,}", f"{standing.events_per_second:,.0f}", standing.regime, accuracy
