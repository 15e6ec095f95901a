"""``retaind bench``."""

import os
import shlex
import signal
from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.literature import PROTOCOLS
from benchmarks.literature.data_files import DataFileError
from benchmarks.literature.listing import list_protocols
from benchmarks.literature.results import Results, ResultsError
from daemon.process.exit_codes import ExitCode
from daemon.process.signals import Signals

INTERRUPTED = 128 + signal.SIGINT


def _beginning_with(incomplete: str) -> list[str]:
    """Return the protocols that a shell may offer."""
    return [name for name in PROTOCOLS if name.startswith(incomplete)]


def bench(
    name: Annotated[
        str | None, typer.Argument(help="The protocol; without it, all are listed.", autocompletion=_beginning_with)
    ] = None,
    *,
    data: Annotated[Path, typer.Option("--data", help="Folder with the data sets.")] = Path("data"),
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each setting: seeds 0, 1, and so on.")] = 3,
    only: Annotated[list[str] | None, typer.Option(help="Only this setting; may be given again.")] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Runs at once, one core each; all cores by default.")
    ] = None,
    validate: Annotated[
        bool, typer.Option("--validate", help="Hold training data back and examine on it, not on the test data.")
    ] = False,
    json: Annotated[
        Path | None,
        typer.Option("--json", help="File that keeps every finished run. [default: retaind-bench/NAME.json]"),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="Folder for the pictures; that of the JSON file by default.")
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="List protocols and settings.")] = False,
) -> None:
    """Measure methods against forgetting on a published protocol, with the daemon's own pipeline.

    Every finished run is kept at once and not repeated: Ctrl-C at any time, the same command goes on. At the end
    there are a table in Markdown and pictures of the retention matrices and the accuracy curves.
    """
    if name is None or listing:
        list_protocols(Console(highlight=False))
        return
    from benchmarks.literature.show import Choice, show  # noqa: PLC0415 - it imports torch, for which --list need not wait

    file = json or Path("retaind-bench") / f"{name}.json"
    try:
        choice = Choice(
            protocol=_known(name, PROTOCOLS, what="protocol"),
            settings=_settings(name, only),
            seeds=seeds,
            validate=validate,
            data=data,
            jobs=jobs or _cores(),
            command=_command(name, seeds=seeds, only=only, validate=validate),
        )
        with Signals() as signals:
            complete = show(
                choice,
                results=Results(file),
                output=output or file.parent,
                console=Console(highlight=False, markup=False),
                notes=Console(stderr=True, highlight=False, markup=False),
                stop=lambda: signals.stop_requested,
            )
    except (DataFileError, ResultsError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.IO) from error
    if not complete:
        raise typer.Exit(INTERRUPTED)


def _settings(name: str, only: list[str] | None) -> tuple[str, ...]:
    """Return the settings to run, in the protocol's order."""
    every = PROTOCOLS[name].settings
    chosen = {_known(setting, every, what=f"setting of {name}") for setting in only or every}
    return tuple(setting for setting in every if setting in chosen)


def _known(name: str, names: Collection[str], *, what: str) -> str:
    if name in names:
        return name
    near = get_close_matches(name, list(names), n=1)
    meant = f"did you mean {near[0]}?" if near else "`retaind bench --list` names all."
    raise typer.BadParameter(f"{name} is no {what}; {meant}")


def _command(name: str, *, seeds: int, only: list[str] | None, validate: bool) -> str:
    parts = ["retaind", "bench", name, "--data", "DIR", "--seeds", str(seeds)]
    for setting in only or ():
        parts += ["--only", setting]
    return shlex.join([*parts, "--validate"] if validate else parts)


def _cores() -> int:
    return len(os.sched_getaffinity(0))
