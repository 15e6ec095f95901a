"""``python -m benchmarks PROTOCOL``."""

import os
import shlex
import signal
from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.commands.listing import list_protocols
from benchmarks.literature import PROTOCOLS
from benchmarks.literature.choice import Choice, carry_out_missing
from benchmarks.literature.data_files import DataFileError
from benchmarks.literature.results import Results, ResultsError
from benchmarks.report.show import show
from daemon.process.exit_codes import ExitCode
from daemon.process.signals import Signals

INTERRUPTED = 128 + signal.SIGINT


def measure(
    context: typer.Context,
    *,
    data: Annotated[Path, typer.Option(help="Folder with the data sets.")] = Path("data"),
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each setting: seeds 0, 1, and so on.")] = 3,
    only: Annotated[list[str] | None, typer.Option(help="Only this setting; may be given again.")] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Runs at once, one core each; all cores by default.")
    ] = None,
    validate: Annotated[
        bool, typer.Option("--validate", help="Hold training data back and evaluate on it, not on the test data.")
    ] = False,
    json: Annotated[
        Path | None,
        typer.Option("--json", help="File that keeps every finished run; retaind-bench/NAME.json by default."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Folder for the pictures; that of the JSON file by default.")
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="List the settings.")] = False,
) -> None:
    """Measure methods against forgetting on a published protocol, with the daemon's own pipeline.

    Every finished run is kept at once and not repeated: Ctrl-C at any time, the same command goes on. At the end
    there are a table in Markdown and pictures of the retention matrices and the accuracy curves.
    """
    name = context.info_name
    assert name is not None, "it is called by the protocol's name"
    console, notes = Console(highlight=False, markup=False), Console(stderr=True, highlight=False, markup=False)
    if listing:
        list_protocols(console, {name: PROTOCOLS[name]})
        return
    file = json or Path("retaind-bench") / f"{name}.json"
    choice = Choice(protocol=name, settings=_settings(name, only), seeds=seeds, validate=validate, data=data)
    command = _command(name, seeds=seeds, only=only, validate=validate)
    try:
        results = Results(file)
        with Signals() as signals:
            carry_out_missing(
                choice,
                results=results,
                jobs=jobs or _cores(),
                notes=notes,
                stop=lambda: signals.stop_requested,
            )
        show(choice, results, command=command, output=output or file.parent, console=console, notes=notes)
        missing = len(choice.missing(results))
    except (DataFileError, ResultsError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.IO) from error
    if missing:
        every = len(choice.runs())
        said = f"Stopped: {every - missing} of {every} runs are in {file}; the same command goes on"
        notes.print(said, soft_wrap=True)
        raise typer.Exit(INTERRUPTED)


def _settings(name: str, only: list[str] | None) -> tuple[str, ...]:
    """Return the settings to run, in the protocol's order."""
    every = PROTOCOLS[name].settings
    chosen = {_known(setting, every, protocol=name) for setting in only or every}
    return tuple(setting for setting in every if setting in chosen)


def _known(setting: str, settings: Collection[str], *, protocol: str) -> str:
    if setting in settings:
        return setting
    near = get_close_matches(setting, list(settings), n=1)
    meant = f"did you mean {near[0]}?" if near else f"`python -m benchmarks {protocol} --list` names all."
    raise typer.BadParameter(f"{setting} is no setting of {protocol}; {meant}")


def _command(name: str, *, seeds: int, only: list[str] | None, validate: bool) -> str:
    """Return what prints the same table again."""
    parts = ["python", "-m", "benchmarks", name, "--data", "DIR", "--seeds", str(seeds)]
    for setting in only or ():
        parts += ["--only", setting]
    return shlex.join([*parts, "--validate"] if validate else parts)


def _cores() -> int:
    return len(os.sched_getaffinity(0))
