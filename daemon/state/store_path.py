"""Where a state directory has its generations."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def store_path(directory: Path) -> Path:
    """Return the directory of the generations of a state directory."""
    return directory / "checkpoints"
