"""Whether checkpoints can be written where the configuration says."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.doctor.amounts import size
from daemon.doctor.finding import ok, problem, raised, warning
from daemon.state.durable import sync_directory, write_file
from daemon.state.state_error import StateError, state_io
from daemon.state.state_lock import lock_path
from daemon.state.store_path import store_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.config.schema import Config
    from daemon.doctor.finding import Finding
    from daemon.doctor.setup import Setup

LITTLE_BYTES = 1 << 30
_PASSING = {"tmpfs", "ramfs"}


def check_state_directory(config: Config, setup: Setup) -> Iterator[Finding]:
    """Write, sync, rename and remove a small file, as a checkpoint does; look at owners and the file system."""
    directory = Path(config.checkpoint.directory)
    if not directory.exists():
        yield _to_be_made(directory)
        return
    try:
        _try_to_write(directory)
    except StateError as error:
        yield raised(error)
        return
    yield ok(f"{directory} can be written")
    yield from _owners(directory)
    kind = _file_system(directory, setup)
    if kind in _PASSING:
        yield warning(f"{directory} is on {kind}, in memory: a restart of the machine empties it", "use a disk")


def check_disk_space(config: Config, _: Setup) -> Iterator[Finding]:
    """Compare the free space with what the generations that are kept will take."""
    directory = Path(config.checkpoint.directory)
    place = next(path for path in (directory.absolute(), *directory.absolute().parents) if path.is_dir())
    free, sizes = shutil.disk_usage(place).free, _generation_sizes(directory)
    largest = max(sizes, default=0)
    # Before the oldest is removed, there is one more than is kept; one more is being written.
    needed = largest * max(1, config.checkpoint.keep + 1 - len(sizes))
    found = f"{size(free)} are free at {place}"
    if largest:
        found += f", a checkpoint takes {size(largest)}"
    remedy = "free some, or lower checkpoint.keep"
    if free < largest:
        yield problem(f"{found}: the next one cannot be written", remedy)
    elif free < needed or free < LITTLE_BYTES:
        yield warning(found, remedy)
    else:
        yield ok(found)


def _to_be_made(directory: Path) -> Finding:
    above = next(path for path in directory.absolute().parents if path.exists())
    if above.is_dir() and os.access(above, os.W_OK | os.X_OK):
        return ok(f"{directory} does not exist yet; it will be made")
    return problem(
        f"{directory} does not exist, and this user cannot make it in {above}",
        "make it and give it to the user that retaind runs as (under systemd: StateDirectory=)",
    )


def _try_to_write(directory: Path) -> None:
    first, second = (directory / f".doctor-{os.getpid()}-{name}" for name in ("written", "renamed"))
    with state_io(directory, "write to"):
        try:
            write_file(first, [b"retaind doctor"])
            first.rename(second)
            sync_directory(directory)
        finally:
            first.unlink(missing_ok=True)
            second.unlink(missing_ok=True)


def _owners(directory: Path) -> Iterator[Finding]:
    """Yield a warning where root has left files that the service cannot change, as a rollback by hand does."""
    owner = directory.stat().st_uid
    store = store_path(directory)
    below = [lock_path(directory), store, *(store.iterdir() if store.is_dir() else ())]
    strange = [path for path in below if path.exists() and path.stat().st_uid != owner]
    if strange:
        yield warning(
            f"{strange[0]} does not belong to the owner of {directory}",
            f"run: chown -R --reference={directory}/ {directory}/",
        )


def _generation_sizes(directory: Path) -> list[int]:
    store = store_path(directory)
    if not store.is_dir():
        return []
    return [
        sum(file.stat().st_size for file in generation.iterdir())
        for generation in store.iterdir()
        if generation.name.isdecimal()
    ]


def _file_system(directory: Path, setup: Setup) -> str:
    """Return the type of the file system that a directory is on (proc_pid_mountinfo(5)); empty where unknown."""
    device = directory.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    try:
        lines = (setup.proc / "self" / "mountinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    kinds = [line.partition(" - ")[2].split()[0] for line in lines if line.split()[2] == number]
    return next(iter(kinds), "")
