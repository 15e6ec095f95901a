"""What differs between two configurations, and whether it may change while the daemon runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from daemon.config.dump import dump
from daemon.config.errors import dotted
from strategies.options import LIVE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.config.errors import KeyPath
    from daemon.config.schema import Config


@dataclass(frozen=True, slots=True)
class Change:
    """One key that has another value."""

    path: KeyPath
    before: Any
    after: Any
    """Both as JSON values, without secrets."""
    live: bool
    """Whether it may change while the daemon runs; else it takes a restart."""

    @property
    def key(self) -> str:
        """The key as people write it."""
        return dotted(self.path)


def changes(before: Config, after: Config) -> list[Change]:
    """Return what differs, in the order of the schema; nothing where the two mean the same.

    An option is live where its field, or that of a section around it, is marked ``LIVE``.
    """
    return list(_differences(before, after, (), live=False))


def _differences(before: Any, after: Any, path: KeyPath, *, live: bool) -> Iterator[Change]:
    if _alike(before, after):
        for name, field in type(before).model_fields.items():
            marked = _is_marked(field.json_schema_extra)
            yield from _differences(getattr(before, name), getattr(after, name), (*path, name), live=live or marked)
    elif _same_list(before, after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _differences(one, other, (*path, index), live=live)
    elif before != after:
        yield Change(path, _shown(path, before), _shown(path, after), live)


def _alike(before: Any, after: Any) -> bool:
    """Tell whether both are options of the same component; classes of one's own may share their options' class."""
    if not isinstance(before, BaseModel) or type(before) is not type(after):
        return False
    return bool(getattr(before, "type", None) == getattr(after, "type", None))


def _same_list(before: Any, after: Any) -> bool:
    if not isinstance(before, tuple) or not isinstance(after, tuple) or len(before) != len(after):
        return False
    return all(_alike(one, other) for one, other in zip(before, after, strict=True))


def _is_marked(extra: Any) -> bool:
    return isinstance(extra, dict) and LIVE.items() <= extra.items()


def _shown(path: KeyPath, value: Any) -> Any:
    """Return a value without secrets, which its key may tell it to be."""
    key = str(path[-1])
    return dump({key: value})[key]
