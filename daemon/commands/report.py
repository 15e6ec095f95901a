"""``retaind report``."""

import time
from pathlib import Path
from typing import Annotated

import typer

from daemon.process.exit_codes import ExitCode
from daemon.process.version import retaind_version
from daemon.state.state_error import StateError


def report(
    run: Annotated[
        Path, typer.Argument(help="The directory of a run's checkpoints, or the JSON file of `retaind bench`.")
    ],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="The page to write.")] = Path("report.html"),
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="The run's configuration, to be shown without its secrets."),
    ] = None,
) -> None:
    """Write what a run or a benchmark came to as one HTML page, for people who were not there.

    The page has the figures, the retention matrix and the curves in it; it loads nothing, and opens offline. A run
    may go on meanwhile: its newest checkpoint is read.
    """
    from benchmarks.literature.results import ResultsError  # noqa: PLC0415 - it imports torch, and --help need not wait

    try:
        html = _of_run(run, config) if run.is_dir() else _of_benchmark(run)
        output.write_text(html, encoding="utf-8")
    except (StateError, ResultsError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.IO) from error
    except OSError as error:
        typer.echo(f"{output}: cannot be written: {error.strerror}", err=True)
        raise typer.Exit(ExitCode.IO) from error
    typer.echo(f"{output}: written")


def _of_run(directory: Path, file: Path | None) -> str:
    from daemon.report.run_record import read_run  # noqa: PLC0415 - it imports torch, and --help need not wait
    from daemon.report.run_report import run_report  # noqa: PLC0415 - for the same reason

    title, configuration = f"retaind: {directory.resolve().name}", None
    if file is not None:
        title, configuration = _configuration(file)
    record = read_run(directory)
    if record.problem is not None:
        typer.echo(f"what was seen of the run is passed over: {record.problem}", err=True)
    return run_report(record, title=title, configuration=configuration, made=_made())


def _configuration(file: Path) -> tuple[str, str]:
    """Return the run's name, and its configuration as YAML without secrets."""
    import yaml  # noqa: PLC0415 - only this needs it

    from daemon.build.load import load  # noqa: PLC0415 - for the same reason
    from daemon.config.dump import dump  # noqa: PLC0415 - it may import torch, which --help need not wait for

    config = load(file)
    assert config.document is not None
    shown = yaml.safe_dump(dump(config.document.value), sort_keys=False, allow_unicode=True, width=100)
    return f"retaind: {config.name}", shown


def _of_benchmark(file: Path) -> str:
    from benchmarks.literature.results import Results, ResultsError  # noqa: PLC0415 - it imports torch
    from benchmarks.report.bench_report import bench_report  # noqa: PLC0415 - for the same reason

    outcomes = Results(file).all() if file.exists() else []
    if not outcomes:
        raise ResultsError(f"{file} is no directory of a run, and no file with results of `retaind bench`")
    return bench_report(outcomes, made=_made())


def _made() -> str:
    from daemon.report.wording import moment  # noqa: PLC0415 - beside its use

    return f"Written by retaind {retaind_version()} on {moment(time.time())}."
