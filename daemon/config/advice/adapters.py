"""Advice on adapters: what they make needless."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from daemon.config.errors import KeyPath
    from daemon.config.schema import Config

    Remark = tuple[KeyPath, str, str]


def own_outputs(config: Config) -> bool:
    """Tell whether every task has outputs of its own."""
    return any(adapter.type in ("heads", "progressive") for adapter in config.adapters)


def _needless_strategies(config: Config) -> Iterator[Remark]:
    if config.strategies and any(adapter.type == "progressive" for adapter in config.adapters):
        why = "earlier columns never change: rehearsed rows teach them nothing, and there is nothing to hold"
        yield ("strategies",), why, "write strategies: []"


ARCHITECTURE: tuple[Callable[[Config], Iterator[Remark]], ...] = (_needless_strategies,)
