"""Finding, replacing and freezing the layers of any module, by their names."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torch import nn


def replace(module: nn.Module, name: str, layer: nn.Module) -> nn.Module:
    """Return the module with another layer in the place that ``name`` says; that layer itself where it is empty."""
    if not name:
        return layer
    parent, _, child = name.rpartition(".")
    setattr(module.get_submodule(parent), child, layer)
    return module


def matching(names: Iterable[str], patterns: Sequence[str], *, option: str) -> list[str]:
    """Return the names that a pattern stands for, with all that lies within; in one, ``*`` stands for anything.

    Raises ``ValueError`` for a pattern that is for none.

    >>> matching(["0.weight", "0.bias", "2.weight"], ["0"], option="freeze.layers")
    ['0.weight', '0.bias']
    """
    names = list(names)
    for pattern in patterns:
        if not any(_is_for(pattern, name) for name in names):
            raise ValueError(f"{option}: nothing in the model is called {pattern}; it has {', '.join(names)}")
    return [name for name in names if any(_is_for(pattern, name) for pattern in patterns)]


def put_to_rest(module: nn.Module) -> None:
    """Let nothing in a module learn: neither its parameters nor running means, as a normalisation keeps them."""
    module.requires_grad_(requires_grad=False)
    for layer in module.modules():
        keep_statistics(layer)


def keep_statistics(layer: nn.Module) -> None:
    """Let a layer with statistics of its own use them as they are, in training too."""
    if next(layer.buffers(recurse=False), None) is not None:
        layer.register_forward_pre_hook(_stop_training)


def _is_for(pattern: str, name: str) -> bool:
    parts = name.split(".")
    return any(fnmatchcase(".".join(parts[:end]), pattern) for end in range(1, len(parts) + 1))


def _stop_training(layer: nn.Module, _: object) -> None:
    layer.training = False
