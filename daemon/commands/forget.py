"""``retaind forget``: everything of some keys goes, wherever a stopped daemon keeps it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.process.exit_codes import ExitCode

if TYPE_CHECKING:
    from daemon.config.schema import Config
    from daemon.state.erasure import Erasure


def forget(
    key: Annotated[list[str], typer.Option("--key", help="A key to erase, as text; may be given again.")],
    config: Annotated[Path, typer.Option("--config", "-c", help="The file that the daemon runs with.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was erased as JSON.")] = False,
) -> None:
    """Erase all that is remembered of some keys. The daemon must not be running.

    A new generation is written without them, all others are removed, dead letters in a file are rewritten, and the
    audit log gets a line. It may be done again, and has to be where it was interrupted.
    """
    from daemon.build.erasing import erase, finish_erasing  # noqa: PLC0415 - not for --help
    from daemon.build.load import load  # noqa: PLC0415
    from daemon.process.threads import use_threads  # noqa: PLC0415
    from daemon.state.checkpoints import CheckpointStore  # noqa: PLC0415
    from daemon.state.erasure_request import ErasureRequest  # noqa: PLC0415
    from daemon.state.state_error import StateError  # noqa: PLC0415
    from daemon.state.state_lock import StateLock  # noqa: PLC0415

    loaded = load(config)
    use_threads(loaded.learner.threads)
    directory = Path(loaded.checkpoint.directory)
    request = ErasureRequest(tuple(dict.fromkeys(each.encode() for each in key)), by=f"user {os.getuid()}")
    try:
        with StateLock(directory):
            store = CheckpointStore(directory, keep=loaded.checkpoint.keep)
            store.prepare()
            finish_erasing(loaded, store)
            erasure = erase(loaded, store, request)
    except StateError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.IO) from error
    if as_json:
        typer.echo(json.dumps(asdict(erasure)))
    else:
        _print(erasure)
    for rest in _left_to_do(loaded):
        typer.echo(f"left to you: {rest}", err=True)


def _print(erasure: Erasure) -> None:
    from daemon.process.tables import console_for_tables, plain_table  # noqa: PLC0415 - not for --help

    table = plain_table("kept for", "erased", right=("erased",))
    for name, count in erasure.removed.items():
        table.add_row(name, f"{count:,}")
    console_for_tables().print(table)
    gone = ", ".join(map(str, erasure.generations_removed)) or "none"
    typer.echo(f"generation {erasure.generation} is without them; generations removed: {gone}")


def _left_to_do(config: Config) -> list[str]:
    """Return what this command cannot erase, each in a sentence."""
    found = [f"the source itself ({config.source.type}) still has the key's events"]
    if config.predictions is not None:
        found.append("predictions name events by topic, partition and offset, and not by key")
    if config.dead_letters is not None and config.dead_letters.type != "file":
        found.append(f"dead letters ({config.dead_letters.type}) may have the key's events")
    looks_back = any((config.features.lags, config.features.rolling, config.features.differences))
    if looks_back and not config.features.per_key:
        found.append(
            "features look back over all keys (features.per_key: false), so rows of others hold its values"
        )
    return found
