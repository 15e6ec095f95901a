"""One sentence about data that does not go with the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemon.config.errors import KeyPath

_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Remark:
    """One sentence about data and configuration, and what to do about it."""

    path: KeyPath
    """The key that it is about."""
    found: str
    remedy: str
    fatal: bool = False
    """Whether the daemon would stop, or learn nothing of what is meant."""


def listed(texts: Sequence[str]) -> str:
    """Return some texts as people read them, the first few.

    >>> listed(["a", "b"])
    'a, b'
    """
    return ", ".join(texts[:_SHOWN]) + (", …" if len(texts) > _SHOWN else "")
