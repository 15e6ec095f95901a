"""``python -m benchmarks arena``."""

import gc
import shlex
import signal
from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.arena.learners import LEARNERS
from benchmarks.arena.programme import Programme, carry_out_missing
from benchmarks.arena.show import show
from benchmarks.arena.streams import STREAMS
from benchmarks.literature.data_files import DataFileError
from benchmarks.literature.results import Results, ResultsError
from daemon.process.exit_codes import ExitCode
from daemon.process.signals import Signals
from daemon.process.threads import use_threads

INTERRUPTED = 128 + signal.SIGINT
ROWS = 50_000


def arena(
    *,
    data: Annotated[Path, typer.Option(help="Folder with the data sets.")] = Path("data"),
    only: Annotated[list[str] | None, typer.Option(help="Only this stream; may be given again.")] = None,
    open_streams: Annotated[
        bool, typer.Option("--open", help="The streams that need no file, in place of those in DIR.")
    ] = False,
    learner: Annotated[list[str] | None, typer.Option(help="Only this learner; may be given again.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Seeds 0, 1, and so on, where anything is drawn.")] = 3,
    limit: Annotated[int, typer.Option(min=100, help="Rows of each stream, at most.")] = ROWS,
    json: Annotated[Path, typer.Option("--json", help="File that keeps every finished run.")] = Path(
        "retaind-bench/arena.json"
    ),
) -> None:
    """Compare the daemon, untouched, with what streams are usually learned with: the same rows in the same order.

    Every finished run is kept at once and not repeated: Ctrl-C at any time, the same command goes on. Runs are made
    one after another, on one thread. At the end there are tables in Markdown and a picture.
    """
    notes = Console(stderr=True, highlight=False, markup=False)
    programme = Programme(
        streams=_chosen(only, STREAMS, what="stream") if only else _kind(is_open=open_streams),
        learners=_chosen(learner, LEARNERS, what="learner"),
        seeds=seeds,
        rows=limit,
    )
    _settle()
    try:
        results = Results(json)
        with Signals() as signals:
            carry_out_missing(
                programme, data=data, results=results, notes=notes, stop=lambda: signals.stop_requested
            )
        command = _command(only=only, is_open=open_streams, learner=learner, seeds=seeds, limit=limit)
        show(programme, results, command=command, console=Console(highlight=False, markup=False), notes=notes)
        missing = len(programme.missing(results))
    except (DataFileError, ResultsError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.IO) from error
    if missing:
        every = len(programme.bouts())
        said = f"Stopped: {every - missing} of {every} runs are in {json}; the same command goes on"
        notes.print(said, soft_wrap=True)
        raise typer.Exit(INTERRUPTED)


def _chosen(wanted: list[str] | None, every: Collection[str], *, what: str) -> tuple[str, ...]:
    """Return those that are wanted, in the order of the table."""
    for name in wanted or ():
        if name not in every:
            near = get_close_matches(name, list(every), n=1)
            meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(every)}."
            raise typer.BadParameter(f"{name} is no {what} of the arena; {meant}")
    return tuple(name for name in every if name in (wanted or every))


def _kind(*, is_open: bool) -> tuple[str, ...]:
    """Return the streams that need no file, or those that do."""
    return tuple(name for name, stream in STREAMS.items() if stream.is_open == is_open)


def _command(*, only: list[str] | None, is_open: bool, learner: list[str] | None, seeds: int, limit: int) -> str:
    """Return what prints the same tables again."""
    where = ["--open"] if is_open else ["--data", "DIR"]
    parts = ["python", "-m", "benchmarks", "arena", *where, "--seeds", str(seeds)]
    for option, names in (("--only", only), ("--learner", learner)):
        for name in names or ():
            parts += [option, name]
    return shlex.join([*parts, "--limit", str(limit)] if limit != ROWS else parts)


def _settle() -> None:
    """One thread of torch for all, and as the daemon does: records are freed by their reference count."""
    use_threads(1)
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
