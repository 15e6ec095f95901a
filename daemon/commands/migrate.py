"""``retaind migrate``."""

from difflib import unified_diff
from pathlib import Path
from typing import Annotated

import typer

from daemon.config import migrations
from daemon.config.migrating import Versioned, replace
from daemon.process.exit_codes import ExitCode


def migrate(
    file: Annotated[Path, typer.Argument(help="The configuration file (YAML).")],
    *,
    check: Annotated[bool, typer.Option("--check", help="Only say whether it is due: exit 1 if so.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Only show what would change.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", help="Write a new file instead, and leave this one as it is.")
    ] = None,
) -> None:
    """Bring a configuration file of an older version to the newest.

    Only what has to change is changed: comments, order and layout stay. The old file is kept next to the new one,
    as FILE.version-N. A file that is up to date is left alone.
    """
    steps = migrations.MIGRATIONS
    found = Versioned(file, migrations=steps)
    newest, due = migrations.newest(steps), migrations.due(found.version, steps)
    if not due:
        typer.echo(f"{file}: is of version {found.version}, the newest; nothing to do")
        return
    for number, step in enumerate(due, start=found.version + 1):
        typer.echo(f"version {number}: {step.what}", err=True)
    if diff:
        lines = (found.text.splitlines(keepends=True), found.migrated.splitlines(keepends=True))
        typer.echo("".join(unified_diff(*lines, str(file), f"{file} (version {newest})")), nl=False)
    elif check:
        typer.echo(f"{file}: is of version {found.version}; run: retaind migrate {file}")
    else:
        _write(file, found, output)
    if check:
        raise typer.Exit(1)


def _write(file: Path, found: Versioned, output: Path | None) -> None:
    try:
        if output is not None:
            with output.open("x", encoding="utf-8", newline="") as new:
                new.write(found.migrated)
            where = f"{output}: written"
        else:
            where = f"{file}: migrated; the old one is {replace(file, found.migrated, version=found.version)}"
    except FileExistsError as error:
        typer.echo(
            f"{error.filename2 or error.filename}: exists already and is left as it is; move it away", err=True
        )
        raise typer.Exit(ExitCode.IO) from error
    except OSError as error:
        typer.echo(f"{error.filename}: cannot be written: {error.strerror}", err=True)
        raise typer.Exit(ExitCode.IO) from error
    typer.echo(f"{where}; check it with: retaind validate {output or file}")
