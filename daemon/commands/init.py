"""``retaind init``."""

from pathlib import Path
from typing import Annotated

import typer

from daemon.config.starter import write_starter
from daemon.process.exit_codes import ExitCode


def init(
    file: Annotated[Path, typer.Argument(help="The file to write; an existing one is left alone.")] = Path(
        "retaind.yaml"
    ),
) -> None:
    """Write a commented configuration file to start from."""
    try:
        write_starter(file)
    except FileExistsError as error:
        typer.echo(f"{file}: exists already and is left as it is; name another file", err=True)
        raise typer.Exit(ExitCode.IO) from error
    except OSError as error:
        typer.echo(f"{file}: cannot be written: {error.strerror}", err=True)
        raise typer.Exit(ExitCode.IO) from error
    typer.echo(f"{file}: written; edit it, then run: retaind validate {file}")
