"""How far the runs are: bars on a terminal, else a line for each that is finished."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console
    from rich.progress import Task, TaskID

    from benchmarks.literature.outcome import Outcome
    from benchmarks.literature.run import Run


class Display(Protocol):
    """Is told of every run."""

    def moved(self, run: Run, done: int, every: int) -> None:
        """Take note that ``done`` of ``every`` record are learned."""

    def finished(self, run: Run, outcome: Outcome) -> None:
        """Take note that a run is over."""


@contextmanager
def progress_on(console: Console, *, runs: int) -> Iterator[Display]:
    """Show on ``console``, while the context lasts, how far so many runs are."""
    if not console.is_terminal:
        yield Lines(console, runs=runs)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), _Rate(), TimeRemainingColumn(compact=True))
    with Progress(*columns, console=console, transient=True) as progress:
        yield Bars(progress, Lines(progress.console, runs=runs))


class Lines:
    """A line for each run that is finished."""

    def __init__(self, console: Console, *, runs: int) -> None:
        self._console = console
        self._runs = runs
        self._finished = 0

    def moved(self, run: Run, done: int, every: int) -> None:
        """Say nothing yet."""

    def finished(self, run: Run, outcome: Outcome) -> None:
        """Write the line."""
        self._finished += 1
        score, rate = (outcome.figures[name] for name in ("final_accuracy", "events_per_second"))
        if score is None:
            score = outcome.figures["prequential_accuracy"]
        shown = "" if score is None else f" {100 * score:.2f} %"
        self._console.print(
            f"{self._finished}/{self._runs} {run}:{shown}, {rate or 0:,.0f} events/s", soft_wrap=True
        )


class Bars:
    """A bar for each run that is under way, its rate and the time left; a line when it is finished."""

    def __init__(self, progress: Progress, lines: Lines) -> None:
        self._progress = progress
        self._lines = lines
        self._bars: dict[Run, TaskID] = {}

    def moved(self, run: Run, done: int, every: int) -> None:
        """Move its bar."""
        if run not in self._bars:
            self._bars[run] = self._progress.add_task(str(run), total=every)
        self._progress.update(self._bars[run], completed=done)

    def finished(self, run: Run, outcome: Outcome) -> None:
        """Take its bar away and write the line."""
        if run in self._bars:
            self._progress.remove_task(self._bars.pop(run))
        self._lines.finished(run, outcome)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text("" if task.speed is None else f"{task.speed:,.0f} events/s", style="dim")
