"""``retaind tap``."""

from pathlib import Path
from typing import Annotated

import typer

from daemon.process.exit_codes import ExitCode

_ADDRESS = "http://127.0.0.1:9464"


def tap(
    token_file: Annotated[Path, typer.Option("--token-file", help="File with the token of http.control.")],
    url: Annotated[str, typer.Argument(help="Address of the daemon's HTTP server.")] = _ADDRESS,
    *,
    every: Annotated[int, typer.Option("--every", min=1, help="Show one event in so many.")] = 1,
    events: Annotated[int | None, typer.Option("--events", min=1, help="End after so many events.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, an object a line.")] = False,
    ca: Annotated[
        Path | None,
        typer.Option(help="Authority of the server's certificate, PEM; without it those of the system."),
    ] = None,
) -> None:
    """Watch events pass in a running daemon: features, prediction, label, what was rehearsed beside them.

    The daemon's file has to allow it (http.tap), and says which fields nobody is shown and how many events a second
    at most. An event has a line when it is predicted, one when its label comes later, and one when it is learned.
    Ctrl-C ends it.
    """
    from daemon.process.json_text import json_text  # noqa: PLC0415 - not for --help
    from daemon.top.client import Client, UnreachableError  # noqa: PLC0415 - not for --help
    from daemon.top.tapped import lines_of, told  # noqa: PLC0415 - for the same reason

    try:
        client = Client(url, ca=ca, token=token_file.read_text(encoding="utf-8").strip())
        for line in lines_of(client, every=every, most=events, missed=_tell_missed):
            typer.echo(json_text(line) if as_json else told(line))
    except (ValueError, OSError) as error:
        typer.echo(f"{error}", err=True)
        raise typer.Exit(ExitCode.USAGE) from error
    except UnreachableError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.UNAVAILABLE) from error
    except KeyboardInterrupt:
        pass


def _tell_missed(lines: int) -> None:
    typer.echo(f"{lines:,} lines were missed: they came faster than they were asked for", err=True)
