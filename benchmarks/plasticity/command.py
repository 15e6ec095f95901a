"""``python -m benchmarks plasticity``."""

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.literature.data_files import DataFileError
from benchmarks.plasticity.run import ENDS, NEWEST, PlasticityRun, run
from benchmarks.plasticity.settings import SETTINGS
from benchmarks.plasticity.stream import EVENTS
from daemon.process.exit_codes import ExitCode
from daemon.process.logs import logging_to
from daemon.process.signals import Signals
from daemon.process.threads import use_threads

INTERRUPTED = 128 + signal.SIGINT


def plasticity(
    *,
    data: Annotated[Path, typer.Option(help="Folder with the data sets.")] = Path("data"),
    tasks: Annotated[int, typer.Option(min=1, help="Tasks, one after another; none returns.")] = 800,
    events: Annotated[int, typer.Option(min=1, max=50_000, help="Events of a task.")] = EVENTS,
    only: Annotated[list[str] | None, typer.Option(help="Only this setting; may be given again.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the orders of pixels, the images and the model.")] = 0,
    validate: Annotated[
        bool, typer.Option("--validate", help="Hold training data back and evaluate on it, not on the test data.")
    ] = False,
) -> None:
    """Measure whether the model still learns after hundreds of tasks: permuted digits of 14 by 14 pixels.

    A row is printed as soon as its setting is finished. Nothing is kept: a run of 800 tasks takes minutes.
    """
    for name in only or ():
        if name not in SETTINGS:
            raise typer.BadParameter(f"{name} is no setting; there are {', '.join(SETTINGS)}.")
    use_threads(1)
    console = Console(highlight=False, markup=False)
    console.print(_head(), soft_wrap=True)
    try:
        with Signals() as signals, logging_to(sys.stderr):
            for name in [name for name in SETTINGS if name in (only or SETTINGS)]:
                done = run(
                    name,
                    data=data,
                    tasks=tasks,
                    seed=seed,
                    validate=validate,
                    events=events,
                    stop=lambda: signals.stop_requested,
                )
                if done is None:
                    raise typer.Exit(INTERRUPTED)
                console.print(_row(name, done), soft_wrap=True)
    except DataFileError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.IO) from error


def _head() -> str:
    columns = (
        f"| setting | first {ENDS} tasks | last {ENDS} tasks | gain | newest {NEWEST}, retained | µs per event |"
    )
    return f"{columns}\n| --- | ---: | ---: | ---: | ---: | ---: |"


def _row(name: str, done: PlasticityRun) -> str:
    figures = (done.first, done.last, done.last - done.first, done.retention)
    shown = (f"{100 * figure:.2f}" for figure in figures)
    return f"| {name} | {' | '.join(shown)} | {done.microseconds:.0f} |"
