"""Looks at a daemon again and again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.console import Group
from rich.live import Live
from rich.text import Text

from daemon.top.client import UnreachableError
from daemon.top.screen import screen

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from daemon.top.client import Client, Standing


def watch(
    client: Client, *, console: Console, every_seconds: float, once: bool, clock: Callable[[], float]
) -> None:
    """Show how a daemon stands until interrupted, or ``once``.

    A daemon that does not answer at first raises ``UnreachableError``; later on, what was seen last stays, and that
    it does not answer is said above: a restart is no reason to look away.
    """
    seen = client.standing()
    if once or not console.is_terminal:
        console.print(screen(seen, now=clock()))
        return
    with Live(screen(seen, now=clock()), console=console, screen=True, auto_refresh=False) as live:
        while True:
            time.sleep(every_seconds)
            seen, problem = _look(client, seen)
            shown = screen(seen, now=clock())
            live.update(shown if problem is None else Group(Text(problem, "bold red"), shown), refresh=True)


def _look(client: Client, seen: Standing) -> tuple[Standing, str | None]:
    try:
        return client.standing(), None
    except UnreachableError as error:
        return seen, str(error)
