"""From a configuration and its checkpoints to a file of the learned model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from daemon.build.load import load
from daemon.build.restored import restored
from daemon.export.onnx_file import export_onnx
from daemon.learning.stopwatch import Stopwatch
from daemon.state.checkpoints import CheckpointStore
from daemon.state.weights_export import export_weights

if TYPE_CHECKING:
    from daemon.state.generation import SavedState


def written(config: Path, to: Path, *, generation: int | None, task: str | None) -> str:
    """Write the export, ONNX or safetensors by its name; return what to say of it.

    Raises ``ConfigError``, ``StateError`` and ``NotExportedError``.
    """
    loaded = load(config)
    saved = _saved(Path(loaded.checkpoint.directory), generation)
    if to.suffix == ".safetensors":
        tensors = export_weights(saved.state, to, task=task)
        return f"{to}: {len(tensors)} tensors of generation {saved.generation}"
    pipeline = restored(loaded, saved, stopwatch=Stopwatch())
    compared = export_onnx(loaded, pipeline, to, task=task)
    return f"{to}: generation {saved.generation}, as the model says on {compared} held-out rows"


def _saved(directory: Path, generation: int | None) -> SavedState:
    store = CheckpointStore(directory, keep=1)
    return store.load(store.newest() if generation is None else generation)
