"""``retaind report``."""

import shlex
import time
from pathlib import Path
from typing import Annotated

import typer

from daemon.process.exit_codes import ExitCode
from daemon.state.state_error import StateError


def report(
    run: Annotated[Path, typer.Argument(help="The directory of a run's checkpoints.")],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="The page to write.")] = Path("report.html"),
    json: Annotated[
        bool, typer.Option("--json", help="Print the run's figures as JSON, and write no page.")
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="The run's configuration, to be shown without its secrets."),
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="Which of several targets is told of, by its name, such as pm25+1h.")
    ] = None,
) -> None:
    """Write a report of a run as one HTML page, for people who were not there.

    The page has the figures, the retention matrix and the curves in it; it loads nothing, and opens offline. A run
    may go on meanwhile: its newest checkpoint is read. With --json, the same figures for programs.
    """
    if run.is_file():
        command = shlex.join(["python", "-m", "benchmarks", "report", str(run)])
        typer.echo(
            f"{run} is a file, and a run is the directory of its checkpoints. If these are the results of a"
            f" benchmark, run `{command}` in a checkout of retaind's repository.",
            err=True,
        )
        raise typer.Exit(ExitCode.USAGE)
    try:
        if json:
            typer.echo(_figures(run, target))
            return
        output.write_text(_page(run, config, target), encoding="utf-8")
    except StateError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.IO) from error
    except OSError as error:
        typer.echo(f"{output}: cannot be written: {error.strerror}", err=True)
        raise typer.Exit(ExitCode.IO) from error
    typer.echo(f"{output}: written")


def _figures(directory: Path, target: str | None) -> str:
    from daemon.process.json_text import json_text  # noqa: PLC0415 - beside its use
    from daemon.report.run_record import read_run  # noqa: PLC0415 - it imports torch, and --help need not wait
    from daemon.report.summary import RunSummary  # noqa: PLC0415 - for the same reason

    return json_text(RunSummary.of_record(read_run(directory, target=target)).json())


def _page(directory: Path, file: Path | None, target: str | None) -> str:
    from daemon.report.page import made_by  # noqa: PLC0415 - beside its use
    from daemon.report.run_record import read_run  # noqa: PLC0415 - it imports torch, and --help need not wait
    from daemon.report.run_report import run_report  # noqa: PLC0415 - for the same reason

    title, configuration = f"retaind: {directory.resolve().name}", None
    if file is not None:
        title, configuration = _configuration(file)
    record = read_run(directory, target=target)
    if record.problem is not None:
        typer.echo(f"run history ignored: {record.problem}", err=True)
    title = title if target is None else f"{title}: {target}"
    return run_report(record, title=title, configuration=configuration, made=made_by(time.time()))


def _configuration(file: Path) -> tuple[str, str]:
    """Return the run's name, and its configuration as YAML without secrets."""
    import yaml  # noqa: PLC0415 - only this needs it

    from daemon.build.load import load  # noqa: PLC0415 - for the same reason
    from daemon.config.dump import dump  # noqa: PLC0415 - it may import torch, which --help need not wait for

    config = load(file)
    assert config.document is not None
    shown = yaml.safe_dump(dump(config.document.value), sort_keys=False, allow_unicode=True, width=100)
    return f"retaind: {config.name}", shown
