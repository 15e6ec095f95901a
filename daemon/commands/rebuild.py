"""``retaind rebuild``: the model is learned again without some keys, and takes over when it is level."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path  # noqa: TC003 - typer reads it
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.process.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from daemon.rebuilding.comparison import Comparison


def rebuild(
    config: Annotated[Path, typer.Option("--config", "-c", help="The file that the daemon runs with.")],
    key: Annotated[
        list[str] | None,
        typer.Option("--key", help="A key to erase and to leave out, as text; may be given again."),
    ] = None,
    *,
    begin_with: Annotated[
        int | None,
        typer.Option(
            "--begin-with", help="Begin with this generation, on your word that it never saw the keys.", min=1
        ),
    ] = None,
    untrained: Annotated[bool, typer.Option("--untrained", help="Begin with no generation.")] = False,
    archive: Annotated[
        list[str] | None,
        typer.Option(
            help="File, or pattern of files, with what the source does not have any more; read first, untrained."
        ),
    ] = None,
    even_if_behind: Annotated[
        bool, typer.Option("--even-if-behind", help="Take over whatever it has come to.")
    ] = False,
) -> None:
    """Relearn the model from the stream without some keys, and let it take over when it is level.

    Left out are the keys that are given, and all that were ever erased. It begins with the newest generation that
    never saw them, else untrained, and reads the source again from there to where the daemon stands. The daemon may
    run meanwhile. A killed one goes on where it was, asked for the same keys. Exit code 75: it is behind still, and
    no daemon runs that it could follow.
    """
    from connectors.source import SourceDataError, SourceUnavailableError  # noqa: PLC0415 - not for --help
    from daemon.build.going_back import NoWayBackError  # noqa: PLC0415
    from daemon.build.load import load  # noqa: PLC0415
    from daemon.loop.reject_limit import TooManyRejectsError  # noqa: PLC0415
    from daemon.process.logs import logging_to  # noqa: PLC0415
    from daemon.process.threads import use_threads  # noqa: PLC0415
    from daemon.rebuilding.rebuild import NothingToLeaveOutError, Rebuild  # noqa: PLC0415
    from daemon.state.state_error import StateError  # noqa: PLC0415

    if (untrained or archive) and begin_with is not None:
        raise typer.BadParameter("--begin-with goes with neither --untrained nor --archive")
    loaded = load(config)
    use_threads(loaded.learner.threads)
    keys = [each.encode() for each in key or ()]
    try:
        with logging_to(sys.stderr, level="warning", form=loaded.log.format), _shown() as shown:
            rebuilding = Rebuild(loaded, keys, by=f"user {os.getuid()}", shown=shown, archive=archive or ())
            found = rebuilding.run(
                begin="untrained" if untrained else begin_with or "unaware", even_if_behind=even_if_behind
            )
    except NothingToLeaveOutError as error:
        _fail(str(error), ExitCode.USAGE)
    except (SourceDataError, TooManyRejectsError, NoWayBackError) as error:
        _fail(str(error), ExitCode.DATA)
    except SourceUnavailableError as error:
        _fail(str(error), ExitCode.UNAVAILABLE)
    except StateError as error:
        _fail(str(error), ExitCode.IO)
    _print(found)
    if not (found.is_level or even_if_behind):
        _fail(
            "not level, and so nothing was taken over: it stays beside the state; --even-if-behind takes it over",
            ExitCode.BEHIND,
        )
    typer.echo("what was rebuilt has taken over; all other generations are removed, and the audit log says so")


@contextmanager
def _shown() -> Iterator[Any]:
    """Show how far it is, where standard error is a terminal; sentences in any case."""
    from rich.progress import (  # noqa: PLC0415 - not for --help
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    from daemon.process.tables import console_for_tables  # noqa: PLC0415

    columns = (TextColumn("relearning"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console_for_tables(stderr=True), transient=True) as progress:
        yield _Bar(progress)


class _Bar:
    """Counts the offsets of all partitions together."""

    def __init__(self, progress: Any) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None)
        self._from = 0

    def round(self, at: Mapping[str, Any], *, until: Mapping[str, Any]) -> None:
        """Begin a new bar."""
        self._from = _offsets(at)
        self._progress.reset(self._task, total=max(0, _offsets(until) - self._from))

    def passed(self, at: Mapping[str, Any]) -> None:
        """Move the bar."""
        self._progress.update(self._task, completed=_offsets(at) - self._from)

    def say(self, what: str) -> None:
        """Print a sentence above the bar."""
        self._progress.console.print(what)


def _offsets(snapshot: Mapping[str, Any]) -> int:
    """Return how many offsets lie before the positions of a snapshot, as far as that can be told."""
    parts = snapshot.get("partitions")
    return int(snapshot.get("offset", 0)) if parts is None else sum(part["offset"] for part in parts)


def _print(found: Comparison) -> None:
    from daemon.process.tables import console_for_tables, plain_table  # noqa: PLC0415 - not for --help

    figures = ("newest events", "score before", "score rebuilt", "in standard errors")
    table = plain_table("target", *figures, "level", right=figures)
    for target, lead in found.leads.items():
        if lead is None:
            table.add_row(target or "-", "none in common", "-", "-", "-", "no")
            continue
        shown = (f"{lead.rows:,}", f"{lead.other:.4f}", f"{lead.score:.4f}", f"{lead.deviations:+.1f}")
        table.add_row(target or "-", *shown, "yes" if found.is_level_for(target) else "no")
    console_for_tables().print(table)
    typer.echo(f"events learned from: {found.events:,}; before: {found.events_before:,}")


def _fail(message: str, code: ExitCode) -> None:
    typer.echo(message, err=True)
    raise typer.Exit(code)
