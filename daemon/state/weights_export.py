"""A learned model out of a checkpoint, for another run to start from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import torch

from daemon.process.version import retaind_version
from daemon.state.durable import sync_directory
from daemon.state.state_error import StateError, state_io
from daemon.state.tensor_file import write_tensors
from strategies.adapters import ADAPTERS
from strategies.pretrained import CLASSES, INPUT, TARGET, scale_tensors

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor


def export_weights(state: Mapping[str, Any], path: Path, *, task: str | None = None) -> dict[str, Tensor]:
    """Write the model of a checkpoint's state as a new safetensors file; return its tensors by name.

    They are those that predict, of the plain model: low-rank corrections are merged, and of several heads there is
    that of ``task``. The running scales of inputs and target are among them, as ``retaind.input.…`` and
    ``retaind.target.…``, and the names of the classes are in the metadata. Raises ``StateError`` where that is not
    possible.
    """
    pipeline = state["pipeline"]
    if not pipeline["main_learner"]:
        raise StateError("this checkpoint has no model: no event had come yet")
    learner = pipeline["main_learner"]["scored"]["learner"]
    network = {**learner["network"], **learner["average"]}
    tensors = _plain(network, task=_code(pipeline["intake"]["tasks"], task))
    tensors |= scale_tensors(learner["scaler"], prefix=INPUT)
    tensors |= scale_tensors(learner["objective"].get("scaler", {}), prefix=TARGET)
    classes = pipeline["intake"]["labels"].get("names", [])
    with state_io(path, "write"):
        if path.exists():
            raise StateError(f"{path} exists; give another name, or remove it")
        write_tensors(path, tensors, metadata={CLASSES: json.dumps(classes), "retaind": retaind_version()})
        sync_directory(path.parent)
    return tensors


def _plain(network: Mapping[str, Any], *, task: int | None) -> dict[str, Tensor]:
    tensors = _named(network) | {name: torch.as_tensor(tensor) for name, tensor in network["fixed"].items()}
    try:
        for adapter in ADAPTERS.values():
            tensors = adapter.load().plain(tensors, task=task)
    except ValueError as error:
        raise StateError(str(error)) from error
    return tensors


def _named(network: Mapping[str, Any]) -> dict[str, Tensor]:
    layout = network["layout"]
    sizes = [torch.Size(shape).numel() for shape in layout.values()]
    parts = torch.split(torch.as_tensor(network["parameters"]), sizes)
    return {name: part.view(shape) for (name, shape), part in zip(layout.items(), parts, strict=True)}


def _code(tasks: Mapping[str, Any], task: str | None) -> int | None:
    names = tasks["names"]["names"]
    if task is None or task in names:
        return None if task is None else names.index(task)
    raise StateError(f"there is no task {task} in this checkpoint; there are: {', '.join(names) or 'none'}")
