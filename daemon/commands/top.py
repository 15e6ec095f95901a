"""``retaind top``."""

import os
import time
from typing import Annotated

import typer

from daemon.top.command_line import ADDRESS, Authority, Url, until_interrupted

PASSWORD = "RETAIND_PASSWORD"  # noqa: S105 - the name of the variable


def top(
    url: Url = ADDRESS,
    *,
    every: Annotated[float, typer.Option(min=0.2, help="Seconds between two looks.")] = 2.0,
    once: Annotated[bool, typer.Option("--once", help="Print how it stands now, and end.")] = False,
    ca: Authority = None,
    user: Annotated[str | None, typer.Option(help=f"User; the password is in {PASSWORD}, or asked for.")] = None,
) -> None:
    """Watch a running daemon in a terminal: rate, lag, scores, what is forgotten, who is believed, notes.

    It asks the daemon's HTTP server and nothing else. Ctrl-C ends it.
    """
    from daemon.process.tables import console_for_tables  # noqa: PLC0415 - not for --help
    from daemon.top.client import Client  # noqa: PLC0415 - for the same reason
    from daemon.top.watch import watch  # noqa: PLC0415 - for the same reason

    with until_interrupted():
        client = Client(url, ca=ca, login=None if user is None else (user, _password()))
        watch(client, console=console_for_tables(), every_seconds=every, once=once, clock=time.time)


def _password() -> str:
    known = os.environ.get(PASSWORD)
    return typer.prompt("password", hide_input=True) if known is None else known
