"""``retaind audit``: what was done to what is learned, and whether the log of it is as it was written."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connectors.printable import printable
from daemon.process.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping

audit = typer.Typer(
    help="Show and verify the log of what was erased, skipped, put back and rolled back.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@audit.callback()
def _audit() -> None:
    """Hold the commands."""


@audit.command()
def verify(
    config: Annotated[Path, typer.Option("--config", "-c", help="The file that the daemon runs with.")],
    key: Annotated[str | None, typer.Option("--key", help="Show only what was erased of this key.")] = None,
) -> None:
    """Check every line of the log, and show it; exit 74 where a line was changed.

    The last line printed has the newest digest: kept elsewhere, it shows that nothing before it was changed.
    """
    from daemon.build.load import load  # noqa: PLC0415 - not for --help
    from daemon.state.audit_log import AuditLog  # noqa: PLC0415
    from daemon.state.key_digests import KeyDigests  # noqa: PLC0415
    from daemon.state.state_error import StateError  # noqa: PLC0415

    directory = Path(load(config).checkpoint.directory)
    try:
        found, newest = AuditLog(directory).verify()
        wanted = None if key is None else KeyDigests(directory).of(key.encode())
    except StateError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.IO) from error
    for each in found:
        if wanted is None or wanted in each.get("keys", ()):
            typer.echo(_told(each))
    typer.echo(f"{len(found)} entries, as they were written; newest digest {newest}")


def _told(entry: Mapping[str, Any]) -> str:
    at, by = entry.get("at"), entry.get("by", "unknown")
    time = "-" if at is None else datetime.fromtimestamp(at, tz=UTC).isoformat(timespec="seconds")
    return f"{time}  {printable(str(by))}  {printable(str(entry['what']))}  {printable(_details(entry))}"


def _details(entry: Mapping[str, Any]) -> str:
    """Return what an entry says besides, in short; an erasure by the beginnings of its digests."""
    if "removed" in entry:
        return f"{', '.join(digest[:12] for digest in entry['keys'])}  {sum(entry['removed'].values()):,} erased"
    return ", ".join(f"{name}: {value}" for name, value in entry.items() if name not in {"at", "by", "what"})
