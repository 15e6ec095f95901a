"""The dial between holding on and letting in: one number that sets rates, shares and strengths together."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from daemon.config.components import UnknownTypeError, chosen_options
from daemon.config.default_strategies import DEFAULT
from daemon.config.values import value_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from daemon.config.errors import KeyPath
    from daemon.config.tables import Tables

_REACH = 4.0
"""How many times stronger the ends of the dial are than its middle, and how many times weaker."""
_STRENGTHS = ("strength", "alpha", "beta")
_SHARE, _ROWS, _RATE = "share", "batch", "lr"
_ROWS_OF_A_STEP = 32
"""Where neither the strategy nor the learner says."""


def dialled(given: Mapping[str, Any], completed: Mapping[str, Any], *, tables: Tables) -> dict[KeyPath, Any]:
    """Return what ``retention.stability`` sets, by place; what a file gives itself stays as it is.

    ``given`` are the sections of the file, ``completed`` the same with what is assumed. At 0.5 nothing differs from
    the defaults. At 1, strengths of methods and rehearsed rows are four times as large and the learning rate a
    quarter; at 0 the other way round. Nothing where the dial is not set, or no number from 0 to 1.
    """
    stability = value_at(("retention", "stability"), given)
    if isinstance(stability, bool) or not isinstance(stability, int | float) or not 0 <= stability <= 1:
        return {}
    factor = _REACH ** (2 * stability - 1)
    return dict(_settings(given, completed, factor=factor, tables=tables))


def with_dial(completed: Mapping[str, Any], settings: Mapping[KeyPath, Any]) -> dict[str, Any]:
    """Return the sections with these values in their places."""
    turned = dict(completed)
    for section in {path[0] for path in settings}:
        turned[str(section)] = deepcopy(turned.get(str(section), {"type": "adam"}))
    for path, value in settings.items():
        place: Any = turned
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = value
    return turned


def _settings(
    given: Mapping[str, Any], completed: Mapping[str, Any], *, factor: float, tables: Tables
) -> Iterator[tuple[KeyPath, Any]]:
    optimizer = completed.get("optimizer", {"type": "adam"})
    rate = _default(_RATE, optimizer, "optimizer", tables)
    if rate is not None and value_at(("optimizer", _RATE), given) is None:
        yield ("optimizer", _RATE), rate / factor
    chosen = given.get("strategies", DEFAULT) == DEFAULT
    strategies = completed.get("strategies")
    rows = value_at(("learner", "batch"), given)
    rows = rows if isinstance(rows, int) else _ROWS_OF_A_STEP
    for index, entry in enumerate(strategies if isinstance(strategies, list) else ()):
        fields = dict(_of_strategy(entry, rows=rows, factor=factor, tables=tables))
        yield from (
            (("strategies", index, name), value)
            for name, value in fields.items()
            if chosen or name not in entry  # the values of the default list are nobody's choice
        )


def _of_strategy(entry: Any, *, rows: int, factor: float, tables: Tables) -> Iterator[tuple[str, Any]]:
    for name in _STRENGTHS:
        if (strength := _default(name, entry, "strategy", tables)) is not None:
            yield name, strength * factor
    if (share := _default(_SHARE, entry, "strategy", tables)) is not None:
        yield _SHARE, factor * share / (1 + (factor - 1) * share)
    if _has(_ROWS, entry, "strategy", tables):
        rehearsed = _default(_ROWS, entry, "strategy", tables)
        yield _ROWS, max(1, round((rehearsed or rows) * factor))


def _default(name: str, entry: Any, table: str, tables: Tables) -> float | None:
    """Return the value of an option as it is written, else its default; None where it is no number."""
    if not _has(name, entry, table, tables):
        return None
    found = entry.get(name, chosen_options(entry["type"], table, tables).model_fields[name].default)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def _has(name: str, entry: Any, table: str, tables: Tables) -> bool:
    """Tell whether the component of an entry has an option of that name; of what is no component of ours, not."""
    kind = entry.get("type") if isinstance(entry, dict) else None
    if not isinstance(kind, str) or kind not in getattr(tables, table):
        return False
    try:
        return name in chosen_options(kind, table, tables).model_fields
    except UnknownTypeError:
        return False
