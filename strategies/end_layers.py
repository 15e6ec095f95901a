"""Which layers of a module take the inputs, and which give the outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from collections.abc import Iterable

_TRANSPARENT = (nn.Flatten, nn.Identity)


def first_layers(module: nn.Module, name: str = "") -> list[str] | None:
    """Return the names of the linear layers that take the inputs, each column of them by a weight of its own.

    They are known of plain linear layers, of chains that begin with one, and of a module that says so in a method
    of that name; elsewhere, as where a convolution takes them, None.
    """
    if type(module) is nn.Linear:
        return [name]
    if (said := getattr(module, "first_layers", None)) is not None:
        return within(name, said())
    children = _chain(module)
    for child, layer in children or ():
        if not isinstance(layer, _TRANSPARENT):
            return first_layers(layer, join(name, child))
    return None


def last_layers(module: nn.Module, name: str = "") -> list[str] | None:
    """Return the names of the linear layers whose results add up to the outputs, or are one row's each; or None."""
    if type(module) is nn.Linear:
        return [name]
    if (said := getattr(module, "last_layers", None)) is not None:
        return within(name, said())
    children = _chain(module)
    return last_layers(children[-1][1], join(name, children[-1][0])) if children else None


def within(name: str, found: Iterable[str] | None) -> list[str] | None:
    """Return names that are relative to the module ``name`` as absolute ones."""
    return None if found is None else [join(name, each) for each in found]


def join(name: str, child: str) -> str:
    """Return the name of a child of the module ``name``."""
    return f"{name}.{child}" if name and child else name or child


def _chain(module: nn.Module) -> list[tuple[str, nn.Module]] | None:
    """Return the layers of a chain in which each works once; None where it is none."""
    if not isinstance(module, nn.Sequential) or type(module).forward is not nn.Sequential.forward:
        return None
    children = list(module.named_children())
    # A layer that works twice has one name only.
    return children if len(children) == len(module) else None
