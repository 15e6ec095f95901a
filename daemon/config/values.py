"""Looks into the values of a file, whatever they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from daemon.config.errors import KeyPath


def value_at(path: KeyPath, value: Any) -> Any:
    """Return what nested mappings and lists hold at a path, None where there is nothing."""
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value
