"""One generation of the state: a directory of a manifest and a safetensors file."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from daemon.process.version import retaind_version
from daemon.state.durable import measure_file, sync_directory, write_file
from daemon.state.history_file import write_history
from daemon.state.layout import LAYOUT, migrated
from daemon.state.manifest import FORMAT, TENSORS, Manifest, Parts, read_manifest
from daemon.state.state_error import DamagedError, state_io
from daemon.state.state_tree import FlatState, flatten, unflatten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class SavedState:
    """A state that was read and verified."""

    generation: int
    created: float
    """Unix time in seconds."""
    retaind: str
    """The version that wrote it."""
    summary: dict[str, Any]
    state: dict[str, Any]
    """In the layout of today."""
    bytes: int
    """Of the tensors and arrays, as a file."""


def write_generation(
    directory: Path,
    flat: FlatState,
    *,
    generation: int,
    created: float,
    summary: Mapping[str, Any],
    history: str | None = None,
) -> None:
    """Fill an empty directory, durably, and read the state back."""
    from daemon.state.tensor_file import write_tensors  # noqa: PLC0415 - it imports torch, which a list needs not

    tensors = write_tensors(directory / TENSORS, flat.leaves)
    told = None if history is None else write_history(directory, history)
    manifest = Manifest(
        format=FORMAT,
        retaind=retaind_version(),
        generation=generation,
        created=created,
        layout=dict(LAYOUT),
        summary=flatten(summary).document,
        parts=Parts(tensors=tensors, history=told),
        state=flat.document,
    )
    write_file(directory / MANIFEST, [manifest.encode()])
    sync_directory(directory)
    verify_generation(directory, generation)


def verify_generation(directory: Path, generation: int) -> Manifest:
    """Return the manifest of a generation whose every byte is as it was written; else raise ``DamagedError``."""
    with _damage(directory):
        manifest = _manifest(directory, generation)
        tensors = directory / TENSORS
        with _damage(tensors):
            manifest.parts.tensors.check(measure_file(tensors))
        return manifest


def read_generation(directory: Path, generation: int) -> SavedState:
    """Return the state of a generation; ``DamagedError`` where it is not what was written."""
    from daemon.state.tensor_file import read_tensors  # noqa: PLC0415 - it imports torch, which a list needs not

    with _damage(directory):
        manifest = _manifest(directory, generation)
        tensors = directory / TENSORS
        with _damage(tensors):
            leaves = read_tensors(tensors, manifest.parts.tensors)
        return SavedState(
            generation=generation,
            created=manifest.created,
            retaind=manifest.retaind,
            summary=unflatten(FlatState(leaves={}, document=manifest.summary)),
            state=migrated(unflatten(FlatState(leaves=leaves, document=manifest.state)), manifest.layout),
            bytes=manifest.parts.tensors.bytes,
        )


def _manifest(directory: Path, generation: int) -> Manifest:
    manifest = read_manifest(directory / MANIFEST)
    if manifest.generation != generation:
        raise ValueError(f"holds generation {manifest.generation}")
    return manifest


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    """Tell what is damaged from what this process merely may not read."""
    with state_io(path, "read"):
        try:
            yield
        except (ValueError, TypeError, RecursionError) as error:
            raise DamagedError(f"{path} {error}") from error
        except OSError as error:
            if error.errno not in {errno.ENOENT, errno.EIO, errno.EISDIR, errno.ENOTDIR, errno.ELOOP}:
                raise
            raise DamagedError(f"{error.filename or path} cannot be read: {error.strerror}") from error
