"""Which classes of a user's own a configuration names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.config.errors import KeyPath
    from daemon.config.schema import Config


def own_classes(config: Config) -> list[tuple[KeyPath, str]]:
    """Return them, each with the path of its ``type``."""
    return list(_found_in(config, ()))


def _found_in(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, BaseModel):
        name = getattr(value, "type", None)
        if isinstance(name, str) and ":" in name:
            yield (*path, "type"), name
        for key in type(value).model_fields:
            yield from _found_in(getattr(value, key), (*path, key))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _found_in(item, (*path, index))
