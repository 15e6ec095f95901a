"""``retaind predict``."""

from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from daemon.process.exit_codes import ExitCode

_SHOWN = 10


def predict(
    file: Annotated[Path, typer.Argument(help="Events: CSV where the name ends with .csv, else JSON lines.")],
    *,
    model: Annotated[Path, typer.Option("--model", "-m", help="What `retaind export` has written.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; standard output by default.")
    ] = None,
) -> None:
    """Apply an exported model to a file of events, without a daemon.

    A JSON object a line, like a published prediction. What cannot be predicted is told on standard error by its
    place; with nothing predicted at all the exit code is 65.
    """
    from daemon.export.description import NotExportedError  # noqa: PLC0415 - --help need not wait for the runtime

    try:
        if output is None:
            said = _said(file, model, typer.get_binary_stream("stdout"))
        else:
            with output.open("xb") as target:
                said = _said(file, model, target)
    except NotExportedError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.USAGE) from error
    except OSError as error:
        typer.echo(f"{output or file}: {error.strerror}", err=True)
        raise typer.Exit(ExitCode.IO) from error
    if not said:
        raise typer.Exit(ExitCode.DATA)


def _said(file: Path, model: Path, target: BinaryIO) -> int:
    """Write the predictions; return how many there are."""
    from connectors.decoder import Reject  # noqa: PLC0415 - --help need not wait
    from connectors.prediction_json import to_json  # noqa: PLC0415 - for the same reason
    from daemon.export.applied import AppliedModel, opened  # noqa: PLC0415 - for the same reason

    applied, said, rejected = AppliedModel(model), 0, 0
    with opened(file) as events:
        for each in applied.predict(applied.events(events, name=file.name), name=file.name):
            if isinstance(each, Reject):
                rejected += 1
                if rejected <= _SHOWN:
                    typer.echo(f"{file}: event {each.record.offset}: {each.message}", err=True)
                continue
            target.write(to_json(each) + b"\n")
            said += 1
    if rejected > _SHOWN:
        typer.echo(f"{file}: {rejected} events in all could not be predicted", err=True)
    return said
