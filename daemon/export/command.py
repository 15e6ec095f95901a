"""From a configuration and its checkpoints to a file of the learned model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from daemon.build.load import load
from daemon.build.restored import restored
from daemon.export.description import NotExportedError
from daemon.export.onnx_file import export_onnx
from daemon.learning.stopwatch import Stopwatch
from daemon.learning.target_states import TARGETS, one_of
from daemon.state.checkpoints import CheckpointStore
from daemon.state.weights_export import export_weights

if TYPE_CHECKING:
    from daemon.config.schema import Config
    from daemon.state.generation import SavedState


def written(
    config: Path,
    to: Path,
    *,
    generation: int | None,
    task: str | None,
    target: str | None = None,
    network: bool = False,
) -> str:
    """Write the export, ONNX or safetensors by its name; return what to say of it.

    Of several targets it is that of ``target``; ONNX is of the ``network`` alone, if that is asked for. Raises
    ``ConfigError``, ``StateError`` and ``NotExportedError``.
    """
    whole = load(config)
    name = _chosen(whole, target)
    loaded = whole.views[name]
    saved = _saved(Path(loaded.checkpoint.directory), generation)
    if to.suffix == ".safetensors":
        state = saved.state["pipeline"].get(TARGETS, {}).get(name, saved.state["pipeline"])
        tensors = export_weights({"pipeline": state}, to, task=task)
        return f"{to}: {len(tensors)} tensors of generation {saved.generation}"
    pipeline = restored(whole, saved, stopwatch=Stopwatch())
    compared = export_onnx(loaded, pipeline.by_target[name], to, task=task, network=network)
    whose = "the network" if network or loaded.committee is None else "the committee"
    return f"{to}: generation {saved.generation}, {whose}, as the daemon says on {compared} held-out rows"


def _chosen(config: Config, target: str | None) -> str:
    """Return the name of the target to be exported; raise ``NotExportedError`` where none can be told."""
    if not config.targets and target is not None:
        raise NotExportedError("--target is for several targets, and the configuration has one label; leave it out")
    try:
        return one_of(config.views, target)
    except ValueError as error:
        raise NotExportedError(str(error)) from error


def _saved(directory: Path, generation: int | None) -> SavedState:
    store = CheckpointStore(directory, keep=1)
    return store.load(store.newest() if generation is None else generation)
