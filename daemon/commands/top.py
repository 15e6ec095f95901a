"""``retaind top``."""

import os
import time
from pathlib import Path
from typing import Annotated

import typer

from daemon.process.exit_codes import ExitCode

PASSWORD = "RETAIND_PASSWORD"  # noqa: S105 - the name of the variable
_ADDRESS = "http://127.0.0.1:9464"


def top(
    url: Annotated[str, typer.Argument(help="Address of the daemon's HTTP server.")] = _ADDRESS,
    *,
    every: Annotated[float, typer.Option(min=0.2, help="Seconds between two looks.")] = 2.0,
    once: Annotated[bool, typer.Option("--once", help="Print how it stands now, and end.")] = False,
    ca: Annotated[
        Path | None,
        typer.Option(help="Authority of the server's certificate, PEM; without it those of the system."),
    ] = None,
    user: Annotated[str | None, typer.Option(help=f"User; the password is in {PASSWORD}, or asked for.")] = None,
) -> None:
    """Watch a running daemon in a terminal: rate, lag, scores, what is forgotten, who is believed, notes.

    It asks the daemon's HTTP server and nothing else. Ctrl-C ends it.
    """
    from daemon.process.tables import console_for_tables  # noqa: PLC0415 - not for --help
    from daemon.top.client import Client, UnreachableError  # noqa: PLC0415 - for the same reason
    from daemon.top.watch import watch  # noqa: PLC0415 - for the same reason

    try:
        client = Client(url, ca=ca, login=None if user is None else (user, _password()))
        watch(client, console=console_for_tables(), every_seconds=every, once=once, clock=time.time)
    except (ValueError, OSError) as error:
        typer.echo(f"{error}", err=True)
        raise typer.Exit(ExitCode.USAGE) from error
    except UnreachableError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.UNAVAILABLE) from error
    except KeyboardInterrupt:
        pass


def _password() -> str:
    known = os.environ.get(PASSWORD)
    return typer.prompt("password", hide_input=True) if known is None else known
