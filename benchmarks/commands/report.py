"""``python -m benchmarks report``."""

import time
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.literature.results import Results, ResultsError
from benchmarks.report.bench_report import bench_report
from daemon.process.exit_codes import ExitCode
from daemon.report.page import made_by


def report(
    results: Annotated[Path, typer.Argument(help="The file that a benchmark has kept its runs in (--json).")],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="The page to write.")] = Path("report.html"),
) -> None:
    """Write the results of benchmarks as one HTML page, for people who were not there.

    The page has the figures, the retention matrices and the curves in it; it loads nothing, and opens offline.
    """
    try:
        html = bench_report(Results(results).some(), made=made_by(time.time()))
        output.write_text(html, encoding="utf-8")
    except ResultsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.IO) from error
    except OSError as error:
        typer.echo(f"{output}: cannot be written: {error.strerror}", err=True)
        raise typer.Exit(ExitCode.IO) from error
    typer.echo(f"{output}: written")
