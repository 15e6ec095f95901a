"""The commented file that ``retaind init`` writes."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def starter() -> str:
    """Return the text of a commented configuration to start from."""
    return files("daemon.config").joinpath("starter.yaml").read_text(encoding="utf-8")


def write_new(path: Path, text: str) -> None:
    """Write a new file; raise ``FileExistsError`` where there is one already."""
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
