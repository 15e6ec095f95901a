"""``retaind demo``."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from daemon.demo.show import show
from daemon.process.exit_codes import ExitCode
from daemon.process.logs import logging_to
from daemon.process.signals import Signals
from daemon.state.state_error import StateError


def demo(
    *,
    output: Annotated[
        Path, typer.Option("--output", help="Folder for the picture, both configurations and the checkpoints.")
    ] = Path("retaind-demo"),
    leave: Annotated[bool, typer.Option("--exit", help="End when all is shown, serving no metrics.")] = False,
    events: Annotated[int, typer.Option(min=2_000, help="Events of the simulated plant.")] = 60_000,
) -> None:
    """Learn a simulated plant twice, naively and with replay and EWC, and show what each still knows.

    Five operating regimes come one after another, and two return. No Kafka is needed: the plant is simulated, and
    the rest is what `retaind run` does. Afterwards the second learner's metrics are served until Ctrl-C.
    """
    try:
        with logging_to(sys.stderr, level="warning"), Signals() as signals:
            show(
                output,
                events=events,
                serve=not leave,
                console=Console(highlight=False),
                stop=lambda: signals.stop_requested,
            )
    except StateError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.IO) from error
