"""``retaind tap``."""

from pathlib import Path
from typing import Annotated

import typer

from daemon.top.command_line import ADDRESS, Authority, Url, until_interrupted


def tap(
    token_file: Annotated[Path, typer.Option("--token-file", help="File with the token of http.control.")],
    url: Url = ADDRESS,
    *,
    every: Annotated[int, typer.Option("--every", min=1, help="Show one event in so many.")] = 1,
    events: Annotated[int | None, typer.Option("--events", min=1, help="End after so many events.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, an object a line.")] = False,
    ca: Authority = None,
) -> None:
    """Watch events pass in a running daemon: features, prediction, label, what was rehearsed beside them.

    The daemon's file has to allow it (http.tap), and says which fields nobody is shown and how many events a second
    at most. An event has a line when it is predicted, one when its label comes later, and one when it is learned.
    Ctrl-C ends it.
    """
    from daemon.process.json_text import json_text  # noqa: PLC0415 - not for --help
    from daemon.top.client import Client  # noqa: PLC0415 - not for --help
    from daemon.top.tapped import lines_of, told  # noqa: PLC0415 - for the same reason

    with until_interrupted():
        client = Client(url, ca=ca, token=token_file.read_text(encoding="utf-8").strip())
        for line in lines_of(client, every=every, most=events, missed=_tell_missed):
            typer.echo(json_text(line) if as_json else told(line))


def _tell_missed(lines: int) -> None:
    typer.echo(f"{lines:,} lines were missed: they came faster than they were asked for", err=True)
