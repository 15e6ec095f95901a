"""What the commands have in common that ask a running daemon."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.process.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

ADDRESS = "http://127.0.0.1:9464"
Url = Annotated[str, typer.Argument(help="Address of the daemon's HTTP server.")]
Authority = Annotated[
    Path | None, typer.Option(help="Authority of the server's certificate, PEM; without it those of the system.")
]


@contextmanager
def until_interrupted() -> Iterator[None]:
    """End with Ctrl-C, or plainly and with a code of its own where the daemon cannot be asked."""
    from daemon.top.client import UnreachableError  # noqa: PLC0415 - not for --help

    try:
        yield
    except (ValueError, OSError) as error:
        typer.echo(f"{error}", err=True)
        raise typer.Exit(ExitCode.USAGE) from error
    except UnreachableError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.UNAVAILABLE) from error
    except KeyboardInterrupt:
        pass
