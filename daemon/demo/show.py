"""The demo from start to stop."""

from __future__ import annotations

import time
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from daemon.build.load import load
from daemon.config.sections import HttpSection
from daemon.demo.comparison import comparison_table, finding
from daemon.demo.configuration import NAIVE, RETAIND, write_configuration
from daemon.demo.folder import begin_afresh
from daemon.demo.learning import learn
from daemon.demo.matrix_table import matrix_table
from daemon.demo.picture import picture
from daemon.demo.progress import progress_on
from daemon.plots.png import write_png
from daemon.service import Service
from daemon.web.listener import AddressUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rich.console import Console

    from daemon.config.schema import Config
    from daemon.demo.learning import Learned

_TURN_SECONDS = 0.2


def show(output: Path, *, events: int, serve: bool, console: Console, stop: Callable[[], bool]) -> None:
    """Let both learners learn so many events of the plant, compare what they still know, and serve the second one.

    Returns early where ``stop`` says so. Raises what ``Service`` raises.
    """
    output = output.resolve()
    begin_afresh(output)
    console.print(f"A simulated plant, {events:,} events: learned naively, then with replay and EWC.\n")
    with ExitStack() as stack:
        with progress_on(console, events=events) as progress:
            with Service(_configuration(output, NAIVE, events=events)) as service:
                naive = learn(service, stop=stop, watch=partial(progress.show, NAIVE))
            service = _enter(stack, _configuration(output, RETAIND, events=events))
            retaind = learn(service, stop=stop, watch=partial(progress.show, RETAIND))
        if naive is None or retaind is None:
            console.print("\nStopped before the end: there is nothing to compare.")
            return
        _compare(naive, retaind, output=output, console=console)
        if serve:
            _serve(service, console=console, stop=stop)


def _configuration(output: Path, name: str, *, events: int) -> Config:
    return load(write_configuration(output, name, events=events))


def _enter(stack: ExitStack, config: Config) -> Service:
    """Start a service on its port, or on a free one where that is taken."""
    try:
        return stack.enter_context(Service(config))
    except AddressUnavailableError:
        return stack.enter_context(Service(config.model_copy(update={"http": HttpSection(port=0)})))


def _compare(naive: Learned, retaind: Learned, *, output: Path, console: Console) -> None:
    path = output / "retention.png"
    write_png(picture(naive, retaind), path)
    for shown in (matrix_table(naive), matrix_table(retaind), comparison_table(naive, retaind)):
        console.print()
        console.print(shown)
    console.print()
    console.print(finding(naive, retaind), style="bold")
    console.print(f"\nPicture of both: {path}", soft_wrap=True)
    console.print(f"Configurations in the same folder: {NAIVE}.yaml, {RETAIND}.yaml", soft_wrap=True)


def _serve(service: Service, *, console: Console, stop: Callable[[], bool]) -> None:
    """Keep the loop turning, though nothing comes any more, so that the service stays alive and up to date."""
    console.print(f"{RETAIND}'s metrics: {service.http.address}/metrics (Ctrl-C ends)", soft_wrap=True)
    while not stop():
        service.turn()
        time.sleep(_TURN_SECONDS)
