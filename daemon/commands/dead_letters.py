"""``retaind dead-letters``: what could not be learned, listed, shown, and put back once it can be."""

from __future__ import annotations

import time
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.process.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.dead_letters.counts import Count
    from daemon.dead_letters.letters import Letters
    from daemon.dead_letters.replay import Outcome

dead_letters = typer.Typer(
    help="List and show records that could not be learned, and put them back after a fix.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_Config = Annotated[Path, typer.Option("--config", "-c", help="The file that the daemon runs with.")]
_Since = Annotated[
    str | None, typer.Option("--since", help="Rejected since a time (2026-03-01T12:00, UTC), or for 6h, 2d, 1w.")
]
_Reason = Annotated[
    str | None, typer.Option("--reason", help='A reason, such as undecodable, or with stage: "too_large at label".')
]


@dead_letters.command("list")
def list_letters(config: _Config, since: _Since = None, reason: _Reason = None) -> None:
    """Count dead letters by day, partition and reason, the newest first."""
    from daemon.dead_letters.counts import counted  # noqa: PLC0415 - not for --help

    with _told_errors():
        letters = _letters(config, since, reason)
        counts = counted(letters)
        _print_counts(counts)
        typer.echo(f"{sum(count.letters for count in counts):,} dead letters")
        _tell_strange(letters)


@dead_letters.command()
def show(
    event: Annotated[str, typer.Argument(help="The event, as `list` has it: TOPIC/PARTITION/OFFSET.")],
    config: _Config,
) -> None:
    """Show one dead letter whole, with escapes in place of what nobody sees. Of several, all that the event has."""
    from daemon.dead_letters.shown import shown  # noqa: PLC0415 - not for --help

    with _told_errors():
        found = [letter for letter in _letters(config, None, None) if str(letter.event) == event]
        for number, letter in enumerate(found):
            typer.echo("\n".join(([""] if number else []) + list(shown(letter))))
    if not found:
        _fail(
            f"there is no dead letter of {event}; `retaind dead-letters list` has the newest of each kind",
            ExitCode.USAGE,
        )


@dead_letters.command()
def replay(
    config: _Config,
    *,
    since: _Since = None,
    reason: _Reason = None,
    to: Annotated[
        Path | None, typer.Option("--to", help="With a source of files: a new file, which source.path matches.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")] = False,
) -> None:
    """Put back what can be learned by the configuration of now: into its topic, or into a new file of the source.

    The daemon may run. Each event is put back once, however often this is killed and run again; those of erased
    keys never are. What still fails stays a dead letter, and is told with its reason.
    """
    with _told_errors():
        letters = _letters(config, since, reason)
        outcome = _replayed(letters, to=to, dry_run=dry_run)
        _tell_strange(letters)
    if outcome is not None:
        _print(outcome, dry_run=dry_run)


def _replayed(letters: Letters, *, to: Path | None, dry_run: bool) -> Outcome | None:
    """Return what was done; None where it was only finished what a killed process had begun."""
    from daemon.dead_letters.erased_keys import ErasedKeys  # noqa: PLC0415 - not for --help
    from daemon.dead_letters.journal import Journal  # noqa: PLC0415
    from daemon.dead_letters.recovery import finish_file, recover  # noqa: PLC0415
    from daemon.dead_letters.replay import Replay, rehearse  # noqa: PLC0415
    from daemon.dead_letters.target import build_target  # noqa: PLC0415
    from daemon.dead_letters.trial import Trial  # noqa: PLC0415
    from daemon.dead_letters.verdict import Judge  # noqa: PLC0415
    from daemon.process.threads import use_threads  # noqa: PLC0415
    from daemon.state.durable import make_directory  # noqa: PLC0415

    loaded = letters.config
    use_threads(loaded.learner.threads)
    directory = Path(loaded.checkpoint.directory)
    if not dry_run:
        make_directory(directory)
    with Journal(directory, reads_only=dry_run) as journal:
        if dry_run and journal.open_batch is not None:
            typer.echo(
                "a replay was killed, or runs now; what it was putting back is told as if it were not", err=True
            )
        if not dry_run and (finished := finish_file(directory, journal)):
            typer.echo(f"{finished} is there: what a killed replay had begun is finished")
            if to is None or Path(finished) == to.absolute():
                return None
        erased = ErasedKeys(directory)
        trial = Trial(loaded)
        with closing(build_target(loaded, to=to, journal_id=journal.id, heading=trial.heading)) as target:
            judge = Judge(loaded, trial=trial, target=target, erased=erased, done=journal.done)
            if dry_run:
                return rehearse(judge, letters)
            recover(directory, journal, target)
            replaying = Replay(loaded, journal=journal, target=target, sees_all=letters.are_all)
            return replaying.run(judge, letters)


def _letters(config: Path, since: str | None, reason: str | None) -> Letters:
    from daemon.build.load import load  # noqa: PLC0415 - not for --help
    from daemon.dead_letters.letters import Letters  # noqa: PLC0415

    return Letters(load(config), since=_moment(since), reason=reason)


def _moment(since: str | None) -> float | None:
    from daemon.options import parse_duration  # noqa: PLC0415 - not for --help

    if since is None:
        return None
    try:
        at = datetime.fromisoformat(since)
        return (at.replace(tzinfo=UTC) if at.tzinfo is None else at).timestamp()
    except ValueError:
        pass
    try:
        return time.time() - float(parse_duration(since))
    except ValueError as error:
        raise typer.BadParameter(f"--since {since}: write a time such as 2026-03-01T12:00, or 6h, 2d") from error


def _print_counts(counts: list[Count]) -> None:
    """Print a line each and no table: a long topic is not to be broken, since ``show`` takes what is printed."""
    from connectors.printable import printable  # noqa: PLC0415 - not for --help

    for count in counts:
        newest = datetime.fromtimestamp(count.last, tz=UTC).strftime("%H:%M:%S")
        told = f"{count.day}  {count.letters:>9,}  {count.partition}  {count.why}  newest {newest}: {count.newest}"
        typer.echo(printable(told))


def _print(outcome: Outcome, *, dry_run: bool) -> None:
    from connectors.printable import printable  # noqa: PLC0415 - not for --help

    said = "would be put back" if dry_run else "put back"
    typer.echo(f"{outcome.put_back:,} {said}")
    for partition, count in sorted(outcome.by_partition.items()):
        typer.echo(f"  {count:,} into {partition}")
    for why, count in outcome.left.most_common():
        event, more = outcome.samples[why]
        typer.echo(printable(f"{count:,} not: {why} (such as {event}{f': {more}' if more else ''})"))
    if dry_run:
        typer.echo("nothing was changed: this was a dry run")


def _tell_strange(letters: Letters) -> None:
    if letters.strange:
        typer.echo(f"{len(letters.strange):,} passed over: {letters.strange[0]}", err=True)


@contextmanager
def _told_errors() -> Iterator[None]:
    from connectors.decoder import DecoderUnavailableError  # noqa: PLC0415 - not for --help
    from connectors.put_back import PutBackError  # noqa: PLC0415
    from connectors.source import SourceUnavailableError  # noqa: PLC0415
    from daemon.state.state_error import StateError  # noqa: PLC0415

    try:
        yield
    except PutBackError as error:
        _fail(str(error), ExitCode.USAGE)
    except (SourceUnavailableError, DecoderUnavailableError) as error:
        _fail(str(error), ExitCode.UNAVAILABLE)
    except StateError as error:
        _fail(str(error), ExitCode.IO)


def _fail(message: str, code: ExitCode) -> None:
    typer.echo(message, err=True)
    raise typer.Exit(code)
