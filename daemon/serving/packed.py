"""Objects as arrays and JSON, for a process beside this one: what the writer and the reader of them agree on.

A value is JSON's own where it is null, a truth value, a text, a finite number; all else is a list whose first entry
is its kind, or ``["ref", N]``, the ``N``-th of the nodes. Nodes are what is shared or has an inside. An object is
the name of its class and its state; a class is looked up by that name among the packages that are expected, and is
never called.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

ALIGNMENT = 64
"""Bytes; where each array begins, as torch and numpy allocate them: so that sums are made in the same order."""
PACKAGES = frozenset({"retaind", "daemon", "connectors", "strategies", "torch", "numpy"})
"""Whose classes and functions may be in it, besides those of one's own that the configuration names."""


class UnpackableError(TypeError):
    """There is something among the objects that is neither a value, nor an array, nor of a known package."""


def name_of(thing: Any) -> str:
    """Return the name by which a class or function is found again."""
    return f"{thing.__module__}:{thing.__qualname__}"


@cache
def found(name: str, *, packages: frozenset[str]) -> Any:
    """Return the class or function of that name; raise ``UnpackableError`` where it is of another package.

    >>> found("daemon.serving.packed:found", packages=PACKAGES) is found
    True
    >>> found("os:system", packages=PACKAGES)
    Traceback (most recent call last):
        ...
    daemon.serving.packed.UnpackableError: os:system is of none of the packages that are expected
    """
    module, _, path = name.partition(":")
    if module.split(".")[0] not in packages:
        raise UnpackableError(f"{name} is of none of the packages that are expected")
    thing: Any = import_module(module)
    for part in path.split("."):
        thing = getattr(thing, part)
    if thing.__module__.split(".")[0] not in packages:
        raise UnpackableError(f"{name} is of none of the packages that are expected")
    return thing
