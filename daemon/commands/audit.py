"""``retaind audit``: what was erased, and whether the log of it is as it was written."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from daemon.process.exit_codes import ExitCode

audit = typer.Typer(
    help="Show and verify the log of what was erased.",
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
    from daemon.state.state_error import StateError  # noqa: PLC0415

    log = AuditLog(Path(load(config).checkpoint.directory))
    try:
        found = log.verify()
        wanted = None if key is None else log.digest(key.encode())
    except StateError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.IO) from error
    for each in found:
        if wanted is None or wanted in each.keys:
            at = datetime.fromtimestamp(each.at, tz=UTC).isoformat(timespec="seconds")
            rows = sum(each.removed.values())
            typer.echo(f"{at}  {each.by}  {', '.join(digest[:12] for digest in each.keys)}  {rows:,} erased")
    typer.echo(f"{len(found)} erasures, as they were written; newest digest {log.newest}")
