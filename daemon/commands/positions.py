"""`retaind positions`: what the consumer group has of a source, beside the checkpoint, and how to change it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from daemon.process.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.kafka.group_offsets import GroupOffsets
    from connectors.kafka.source_options import KafkaSourceOptions
    from daemon.config.schema import Config


class _GroupCommands(TyperGroup):
    def invoke(self, ctx: Any) -> Any:
        from connectors.source import SourceUnavailableError  # noqa: PLC0415 - not for --help
        from daemon.state.state_error import StateError  # noqa: PLC0415

        try:
            return super().invoke(ctx)
        except (SourceUnavailableError, StateError) as error:
            typer.echo(str(error), err=True)
            code = ExitCode.IO if isinstance(error, StateError) else ExitCode.UNAVAILABLE
            raise typer.Exit(code) from error


positions = typer.Typer(
    cls=_GroupCommands,
    help="Choose what the consumer group has: the checkpoint's positions, or none. The daemon must not be running.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_Config = Annotated[Path, typer.Option("--config", "-c", help="The file that the daemon runs with.")]


@positions.command()
def commit(config: _Config) -> None:
    """Commit the newest checkpoint's positions to the group, in place of whatever anybody has committed there.

    After it the daemon goes on at its checkpoint, and learns what is between.
    """
    from daemon.state.checkpoints import CheckpointStore  # noqa: PLC0415 - it imports torch
    from daemon.state.state_lock import StateLock  # noqa: PLC0415

    loaded, options = _loaded(config)
    if options.mode == "subscribe":
        raise typer.BadParameter("in mode: subscribe the members themselves say what the group has")
    directory = Path(loaded.checkpoint.directory)
    with StateLock(directory):
        recovered = CheckpointStore(directory, keep=1).load_newest()
        if recovered is None:
            raise typer.BadParameter(f"there is no checkpoint in {directory} yet: use `retaind positions clear`")
        changed = _offsets(options).follow(recovered.saved.state["source"])
    _tell(changed, f"group {options.group} stands where generation {recovered.saved.generation} does")


@positions.command()
def clear(config: _Config) -> None:
    """Remove the group's offsets of the topics that are read.

    After it a model that has no checkpoint begins at source.start.
    """
    _, options = _loaded(config)
    _tell(_offsets(options).clear(), f"group {options.group} has no offsets of these topics any more; it had")


def _loaded(file: Path) -> tuple[Config, KafkaSourceOptions]:
    from connectors.kafka.source_options import KafkaSourceOptions  # noqa: PLC0415 - not for --help
    from daemon.build.load import load  # noqa: PLC0415

    loaded = load(file)
    if not isinstance(loaded.source, KafkaSourceOptions) or loaded.source.group is None:
        raise typer.BadParameter(f"{file}: only a source of type kafka with a group has committed offsets")
    return loaded, loaded.source


def _offsets(options: KafkaSourceOptions) -> GroupOffsets:
    from connectors.kafka.group_offsets import GroupOffsets  # noqa: PLC0415 - not for --help

    return GroupOffsets(options)


def _tell(offsets: Mapping[Any, int], text: str) -> None:
    typer.echo(text)
    for part, offset in offsets.items():
        typer.echo(f"  {part.topic}/{part.partition}  {offset}")
