"""`retaind checkpoint`: look at the checkpoints, and go back to an older one."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from typer.core import TyperGroup

from daemon.state.state_error import StateError
from daemon.state.state_lock import StateLock

if TYPE_CHECKING:
    from daemon.state.checkpoints import CheckpointStore, Entry
    from daemon.state.manifest import Manifest


class _StateCommands(TyperGroup):
    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except StateError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(os.EX_IOERR) from error


checkpoint = typer.Typer(
    cls=_StateCommands,
    help="List, inspect and verify checkpoints, go back to an older one, or promote the challenger.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_Config = Annotated[Path | None, typer.Option("--config", "-c", help="Take the directory from this file.")]
_Directory = Annotated[Path | None, typer.Option("--directory", "--state", help="The state directory itself.")]
_GENERATION_HELP = "The number that `retaind checkpoint list` shows."


@checkpoint.command("list")
def list_generations(config: _Config = None, directory: _Directory = None) -> None:
    """Show every generation: when it was written, what it had learned, its size, and whether it is whole."""
    store = _store(_state_directory(config, directory))
    entries = store.entries()
    _print_table(store, entries)
    _print_problems(entries)


@checkpoint.command()
def inspect(
    generation: Annotated[int | None, typer.Argument(help=f"{_GENERATION_HELP} The newest by default.")] = None,
    config: _Config = None,
    directory: _Directory = None,
) -> None:
    """Show what is in a generation: the source's positions, and the name and form of every part of the state."""
    from daemon.state.state_outline import outline, tensor_forms  # noqa: PLC0415 - not for --help

    store = _store(_state_directory(config, directory))
    manifest = store.verify(store.newest() if generation is None else generation)
    console = _console()
    console.out(f"generation {manifest.generation}, {_time(manifest)}, retaind {manifest.retaind}")
    console.out(f"summary: {json.dumps(manifest.summary)}")
    console.out(f"source: {json.dumps(manifest.state.get('source'), indent=2)}")
    rest = {key: value for key, value in manifest.state.items() if key != "source"}
    forms = tensor_forms(store.path(manifest.generation) / "state.safetensors")
    console.print(outline(rest, forms, title="state"), soft_wrap=True)


@checkpoint.command()
def verify(config: _Config = None, directory: _Directory = None) -> None:
    """Check every byte of every generation, and say which release wrote it; exit 74 if any cannot be used."""
    store = _store(_state_directory(config, directory))
    entries = store.entries()
    _print_problems(entries)
    for entry in entries:
        if entry.manifest:
            _console().out(f"generation {entry.generation}: whole, {_origin(entry.manifest)}")
    _require_usable(store, entries)
    _verify_histories(store, [entry.manifest for entry in entries if entry.manifest])
    _console().out(f"{len(entries)} generations in {store.directory}, all good")


@checkpoint.command()
def export(
    to: Annotated[Path, typer.Option("--to", help="The safetensors file to write; it must not exist.")],
    generation: Annotated[int | None, typer.Option(help=f"{_GENERATION_HELP} The newest by default.")] = None,
    task: Annotated[str | None, typer.Option(help="Task whose head is exported, of a model with several.")] = None,
    config: _Config = None,
    directory: _Directory = None,
) -> None:
    """Write the learned model as a file that another run starts from, as its model.pretrained.

    Low-rank corrections are merged into the weights; the running scales and the names of the classes go with them.
    """
    from daemon.state.weights_export import export_weights  # noqa: PLC0415 - not for --help

    store = _store(_state_directory(config, directory))
    number = store.newest() if generation is None else generation
    tensors = export_weights(store.load(number).state, to, task=task)
    _console().out(f"{to}: {len(tensors)} tensors of generation {number}")


@checkpoint.command()
def rollback(
    generation: Annotated[int, typer.Argument(help=_GENERATION_HELP)],
    config: _Config = None,
    directory: _Directory = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Go back to an older generation; the newer ones are moved aside, not deleted.

    The stream is then learned again from that generation's positions, whatever the consumer group has committed
    since, provided that Kafka still has those events. The daemon must not be running.
    """
    state_directory = _state_directory(config, directory)
    store = _store(state_directory)
    with StateLock(state_directory):
        store.verify(generation)
        newer = [number for number in store.generations() if number > generation]
        if newer and not yes:
            typer.confirm(f"Move {len(newer)} newer generations to {store.discarded}?", abort=True)
        store.rollback(generation)
        _write_down(state_directory, "rollback", generation=generation, set_aside=newer)
    moved = f"moved {', '.join(map(str, newer))} to {store.discarded}" if newer else "nothing to move"
    _console().out(f"generation {generation} is the newest: {moved}")


@checkpoint.command("undo-rollback")
def undo_rollback(config: _Config = None, directory: _Directory = None) -> None:
    """Put the generations back that `rollback` has moved aside, where no daemon has saved since.

    What the model had learned is there again, as if nothing had been rolled back. The daemon must not be running.
    """
    state_directory = _state_directory(config, directory)
    store = _store(state_directory)
    with StateLock(state_directory):
        put_back = store.undo_rollback()
        _write_down(state_directory, "undo-rollback", put_back=list(put_back))
    _console().out(f"generation {put_back[-1]} is the newest: put back {', '.join(map(str, put_back))}")


@checkpoint.command()
def promote(
    config: Annotated[Path, typer.Option("--config", "-c", help="The file that the daemon has run with.")],
) -> None:
    """Let the challenger and the main learner change places, in a new generation.

    Then do the same in the file: what companions.challenger says and the main learner's strategies, optimizer,
    adapters and learner. The daemon must not be running; `retaind checkpoint rollback` undoes it.
    """
    from daemon.build.load import load  # noqa: PLC0415 - it may import torch, which --help need not wait for
    from daemon.build.promotion import promote as change_places  # noqa: PLC0415 - for the same reason
    from daemon.state.checkpoints import CheckpointStore  # noqa: PLC0415

    loaded = load(config)
    state_directory = _state_directory(config, None)
    with StateLock(state_directory):
        generation = change_places(loaded, CheckpointStore(state_directory, keep=loaded.checkpoint.keep))
        _write_down(state_directory, "promote", generation=generation)
    _console().out(f"generation {generation}: the challenger is the main learner now, and the other way round")
    _console().out(f"before the daemon starts again, let the two change places in {config} as well")


def _write_down(state_directory: Path, what: str, **told: Any) -> None:
    from daemon.state.audit_log import AuditLog  # noqa: PLC0415 - not for --help

    AuditLog(state_directory).append({"what": what, **told})


def _state_directory(config: Path | None, directory: Path | None) -> Path:
    if (config is None) == (directory is None):
        raise typer.BadParameter("give either -c CONFIG or --directory DIR")
    found = directory or _configured(config)
    if not found.is_dir():
        raise StateError(f"{found} is not a directory; give the checkpoint.directory that the daemon uses")
    return found


def _configured(config: Path | None) -> Path:
    from daemon.build.load import load  # noqa: PLC0415 - it may import torch, which --help need not wait for

    assert config is not None
    return Path(load(config).checkpoint.directory)


def _store(state_directory: Path) -> CheckpointStore:
    from daemon.state.checkpoints import CheckpointStore  # noqa: PLC0415 - it imports torch, and --help need not wait

    return CheckpointStore(state_directory, keep=1)


def _print_table(store: CheckpointStore, entries: list[Entry]) -> None:
    table = Table(box=None)
    for heading in ("generation", "time", "events", "step", "bytes", "ok"):
        table.add_column(heading, justify="left" if heading == "time" else "right", no_wrap=True)
    for entry in entries:
        table.add_row(str(entry.generation), *_cells(entry), f"{_size(store.path(entry.generation)):,}", _ok(entry))
    _console().print(table)


def _cells(entry: Entry) -> tuple[str, str, str]:
    if entry.manifest is None:
        return "-", "-", "-"
    summary = entry.manifest.summary
    return _time(entry.manifest), _count(summary.get("events")), _count(summary.get("step"))


def _verify_histories(store: CheckpointStore, manifests: list[Manifest]) -> None:
    damaged = []
    for manifest in manifests:
        try:
            store.verify_history(manifest)
        except StateError as error:
            damaged.append(str(error))
    if damaged:
        raise StateError(
            f"{'; '.join(damaged)}: the state is whole; only the run history, for page and report, is lost"
        )


def _require_usable(store: CheckpointStore, entries: list[Entry]) -> None:
    damaged = [entry.generation for entry in entries if entry.damaged]
    unread = [entry.generation for entry in entries if entry.problem and not entry.damaged]
    if damaged:
        raise StateError(
            f"{len(damaged)} of {len(entries)} generations in {store.directory} are damaged: "
            f"{', '.join(map(str, damaged))}; retaind starts from the newest good one"
        )
    if unread:
        raise StateError(f"this release cannot use {', '.join(map(str, unread))} of {store.directory}")


def _origin(manifest: Manifest) -> str:
    from daemon.state.layout import behind  # noqa: PLC0415 - not for --help

    older = ", ".join(f"{name} {version}" for name, version in sorted(behind(manifest.layout).items()))
    return f"written by retaind {manifest.retaind}" + (f"; is migrated when read: {older}" if older else "")


def _count(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else "-"


def _ok(entry: Entry) -> str:
    return "no" if entry.problem else "yes"


def _time(manifest: Manifest) -> str:
    return datetime.fromtimestamp(manifest.created, tz=UTC).isoformat(timespec="seconds")


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in path.glob("*"))


def _print_problems(entries: list[Entry]) -> None:
    for entry in entries:
        if entry.problem:
            typer.echo(f"generation {entry.generation}: {entry.problem}", err=True)


def _console() -> Console:
    return Console(highlight=False, markup=False)
