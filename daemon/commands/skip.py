"""`retaind skip`: pass a part of the stream that cannot be learned from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.process.exit_codes import ExitCode

if TYPE_CHECKING:
    from daemon.skipping.skip import Part, Plan, Skipping


NOTHING = (
    "there is nothing to skip: from where the checkpoint stands, most events can be learned; where junk comes"
    " later, the daemon stops in it, and can be helped then"
)


def skip(
    config: Annotated[Path, typer.Option("--config", "-c", help="The file that the daemon runs with.")],
    *,
    to: Annotated[int | None, typer.Option("--to", help="Go on at this offset.", min=0)] = None,
    until_good: Annotated[
        bool,
        typer.Option(
            "--until-good",
            help="Go on at the first event from which at most rejections.max_share of a thousand are rejected.",
        ),
    ] = False,
    topic: Annotated[str | None, typer.Option(help="The topic; all by default.")] = None,
    partition: Annotated[int | None, typer.Option(help="The partition; all by default.", min=0)] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be skipped, and change nothing.")
    ] = False,
) -> None:
    """Let the newest checkpoint go on behind a part of the stream; all that was learned stays.

    What is skipped is neither learned nor a dead letter; it stays in the topic or file. Who did it, when, and what
    it was is added to audit.jsonl in the state directory and to the events of note. The daemon must not be running;
    `retaind checkpoint rollback` undoes it.
    """
    from connectors.source import SourceDataError, SourceUnavailableError  # noqa: PLC0415 - not for --help
    from daemon.skipping.skip import SkipError  # noqa: PLC0415 - it imports torch
    from daemon.state.state_error import StateError  # noqa: PLC0415

    if (to is None) != until_good:
        raise typer.BadParameter("give either --to OFFSET or --until-good")
    try:
        _skip(config, to=to, topic=topic, partition=partition, dry_run=dry_run)
    except SkipError as error:
        _fail(str(error), ExitCode.USAGE)
    except SourceDataError as error:
        _fail(f"{error}; to pass what cannot be read at all: --to OFFSET", ExitCode.DATA)
    except SourceUnavailableError as error:
        _fail(str(error), ExitCode.UNAVAILABLE)
    except StateError as error:
        _fail(str(error), ExitCode.IO)


def _skip(config: Path, *, to: int | None, topic: str | None, partition: int | None, dry_run: bool) -> None:
    from daemon.build.load import load  # noqa: PLC0415 - not for --help
    from daemon.skipping.skip import Skipping  # noqa: PLC0415
    from daemon.state.checkpoints import CheckpointStore  # noqa: PLC0415
    from daemon.state.state_lock import StateLock  # noqa: PLC0415

    loaded = load(config)
    directory = Path(loaded.checkpoint.directory)
    with StateLock(directory):
        skipping = Skipping(loaded, CheckpointStore(directory, keep=loaded.checkpoint.keep))
        parts = _parts(skipping, topic=topic, partition=partition)
        plans = [plan for plan in _plans(skipping, parts, to=to) if plan is not None]
        for plan in plans:
            _show(plan)
        if not plans:
            typer.echo(NOTHING)
        elif dry_run:
            typer.echo("nothing was changed: this was a dry run")
        else:
            typer.echo(f"generation {skipping.carry_out(plans)} goes on there; audit.jsonl has it in writing")


def _parts(skipping: Skipping, *, topic: str | None, partition: int | None) -> list[Part]:
    from daemon.skipping.skip import SkipError, parts_named  # noqa: PLC0415 - not for --help

    parts = list(parts_named(skipping.parts, topic=topic, partition=partition))
    if not parts:
        known = ", ".join(map(str, skipping.parts)) or "none"
        raise SkipError(f"the checkpoint has read nothing of that topic and partition; it has read: {known}")
    return parts


def _plans(skipping: Skipping, parts: list[Part], *, to: int | None) -> list[Plan | None]:
    from daemon.skipping.skip import SkipError  # noqa: PLC0415 - not for --help

    if to is None:
        return [skipping.until_good(part) for part in parts]
    if len(parts) > 1:
        raise SkipError(
            f"--to is of one partition; name it with --topic and --partition: {', '.join(map(str, parts))}"
        )
    return [skipping.to(parts[0], to)]


def _show(plan: Plan) -> None:
    skipped = plan.skipped
    typer.echo(f"{plan.part}: from offset {plan.part.offset} to {plan.to}, {skipped.records:,} records")
    for reason, count in skipped.reasons.items():
        typer.echo(f"  {count:,} would be rejected: {reason}")
    if skipped.good:
        typer.echo(f"  {skipped.good:,} would be LEARNED, and are given up")
    for sample in skipped.samples:
        typer.echo(f"  offset {sample.offset}: {sample.value}{f', {sample.reason}' if sample.reason else ''}")
    if plan.unreadable:
        typer.echo(f"  not all of it can be read: {plan.unreadable}")


def _fail(message: str, code: ExitCode) -> None:
    typer.echo(message, err=True)
    raise typer.Exit(code)
