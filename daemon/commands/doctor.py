"""``retaind doctor``."""

from pathlib import Path
from typing import Annotated

import typer


def doctor(
    file: Annotated[
        Path | None, typer.Argument(help="The configuration; without it, only the machine is looked at.")
    ] = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print all findings as JSON.")] = False,
    timeout: Annotated[
        float, typer.Option(min=0.5, help="How many seconds each Kafka cluster may take to answer.")
    ] = 10.0,
) -> None:
    """Check a set-up for problems, and say how to fix each.

    Checks the machine, the configuration, its secrets and certificates, the state directory and its checkpoints,
    the HTTP port, Kafka, and some of the data. Run it as the daemon's user, before the daemon starts or while it
    runs: it changes nothing, and writes nothing but a small file in the state directory, which it removes.

    Exits 0 where nothing is a problem, 1 where something is.
    """
    from daemon.doctor.examination import examine  # noqa: PLC0415 - it imports torch, and --help need not wait
    from daemon.doctor.report import print_json, print_text  # noqa: PLC0415

    findings = examine(file, timeout_seconds=timeout)
    healthy = print_json(findings) if json else print_text(findings, file)
    if not healthy:
        raise typer.Exit(1)
