"""Weights that were learned before, by name: into a module that is to go on from them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open

from strategies.scaler import state_of_sums

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

INPUT, TARGET = "retaind.input.", "retaind.target."
"""What the names of a running scale's tensors begin with: that of the inputs, and that of a number to predict."""
CLASSES = "classes"
"""Where the file's metadata has the names of the classes, as a JSON list."""


@dataclass(frozen=True, slots=True)
class Pretrained:
    """What a file of weights holds; one that another program wrote has the weights alone."""

    weights: dict[str, Tensor]
    input_scale: dict[str, Any]
    """State of the inputs' ``OnlineScaler``; empty where the inputs were not scaled."""
    target_scale: dict[str, Any]
    """The same for a number that is predicted."""
    classes: tuple[str, ...]
    """Names of the classes, in the order of the outputs; empty where that is not known."""


def read_pretrained(path: str) -> Pretrained:
    """Read a safetensors file; raise ``ValueError`` where that is not possible. Nothing in it can run."""
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in sorted(file.keys())}
            metadata = file.metadata() or {}
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror or error}") from error
    except SafetensorError as error:
        raise ValueError(
            f"{path} is not a safetensors file ({error}); `retaind checkpoint export` writes one"
        ) from error
    own = {name: tensor for name, tensor in tensors.items() if not name.startswith((INPUT, TARGET))}
    classes = tuple(json.loads(metadata.get(CLASSES, "[]")))
    return Pretrained(own, _scale(tensors, INPUT), _scale(tensors, TARGET), classes)


def fit(module: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Give the module's tensors the values of the same names.

    Raises ``ValueError`` naming a tensor that is missing, unknown to the module, or of another shape.
    """
    own = module.state_dict(keep_vars=True)
    for name, tensor in own.items():
        if name not in weights:
            raise ValueError(
                f"there is no tensor {name} {_shape(tensor)}, which the model needs; there are: {_outline(weights)}"
            )
        if weights[name].shape != tensor.shape:
            raise ValueError(
                f"the tensor {name} is {_shape(weights[name])}, the model expects {_shape(tensor)}; give the model"
                " the options, the features and the number of classes that the file was made with"
            )
    for name, weight in weights.items():
        if name not in own:
            raise ValueError(
                f"the model has no place for the tensor {name} {_shape(weight)}; it has: {_outline(own)}"
            )
    with torch.no_grad():
        for name, tensor in own.items():
            tensor.copy_(weights[name])


def scale_tensors(state: Mapping[str, Any], *, prefix: str) -> dict[str, Tensor]:
    """Return the state of a running scale as named tensors; none where it is empty or has seen nothing."""
    if not state or not state["count"]:
        return {}
    return {f"{prefix}{name}": torch.as_tensor(value) for name, value in state.items()}


def _scale(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Any]:
    found = {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
    state = {name: tensor.numpy() if tensor.ndim else int(tensor) for name, tensor in found.items()}
    # Before version 2 of the learner's layout, a scale was its sums.
    return state_of_sums(state) if state and "used" not in state else state


def _shape(tensor: Tensor) -> str:
    return f"({', '.join(map(str, tensor.shape))})"


def _outline(tensors: Mapping[str, Tensor]) -> str:
    return ", ".join(f"{name} {_shape(tensor)}" for name, tensor in tensors.items()) or "none"
