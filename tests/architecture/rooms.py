"""Two measures of what a room is."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Rooming = Callable[[str], str]
    """Returns the name of the room of a file."""


def folder(place: str) -> str:
    """Return the folder of a file; loose modules at a package's top share one room, the package.

    That flatters a package of loose modules: it has no walls, and so nothing to pass through.

    >>> folder("daemon/intake/labels/encoder.py"), folder("daemon/cli.py")
    ('daemon/intake/labels', 'daemon')
    """
    return str(PurePosixPath(place).parent)


def outer(place: str) -> str:
    """Return what stands directly in ``daemon/``: a folder with all below it, or a loose module, a room by itself.

    Another package is one room. It is the measure of a plan with rooms within rooms.

    >>> outer("daemon/intake/labels/encoder.py"), outer("daemon/cli.py"), outer("strategies/models/mlp.py")
    ('daemon/intake', 'daemon/cli.py', 'strategies')
    """
    package, *rest = PurePosixPath(place).parts
    return f"{package}/{rest[0]}" if package == "daemon" else package
