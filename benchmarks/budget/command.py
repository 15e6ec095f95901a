"""``python -m benchmarks budget``."""

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.budget.run import BUDGET, BudgetRun, run
from benchmarks.budget.streams import STREAMS
from benchmarks.literature.data_files import DataFileError
from daemon.process.logs import logging_to
from daemon.process.signals import Signals
from daemon.process.threads import use_threads

INTERRUPTED = 128 + signal.SIGINT


def budget(
    *,
    data: Annotated[Path, typer.Option(help="Folder with the data sets.")] = Path("data"),
    only: Annotated[list[str] | None, typer.Option(help="Only this stream; may be given again.")] = None,
) -> None:
    """Measure whether a budget of 3 points holds where plain replay does not, and how it lets go.

    A row is printed as soon as it is finished. Nothing is kept: all of it takes some minutes on one core.
    """
    for name in only or ():
        if name not in STREAMS:
            raise typer.BadParameter(f"{name} is no stream; there are {', '.join(STREAMS)}.")
    use_threads(1)
    console = Console(highlight=False, markup=False)
    console.print(
        "| stream | budget | most lost | lost at last | inside | newest answers | stages |", soft_wrap=True
    )
    console.print("|---|---|---|---|---|---|---|")
    try:
        with Signals() as signals, logging_to(sys.stderr):
            for name in [name for name in STREAMS if name in (only or STREAMS)]:
                for held in (False, True):
                    done = run(STREAMS[name], data=data, held=held, stop=lambda: signals.stop_requested)
                    if done is None:
                        raise typer.Exit(INTERRUPTED)
                    console.print(_row(name, done, held=held), soft_wrap=True)
    except DataFileError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def _row(name: str, done: BudgetRun, *, held: bool) -> str:
    stages = ", ".join(f"{stage} {times}" for stage, times in done.entered.items() if times)
    let_go = f", let go {done.let_go}" if done.let_go else ""
    lost = list(done.lost.values())
    cells = [
        name,
        f"{100 * BUDGET:g} points" if held else "none",
        _points(max(lost, default=None)),
        _points(lost[-1] if lost else None),
        f"{100 * done.inside:.0f} %",
        "–" if done.newest is None else f"{100 * done.newest:.1f} %",
        (stages + let_go) or "–",
    ]
    return f"| {' | '.join(cells)} |"


def _points(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"
