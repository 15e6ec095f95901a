"""Which component a section's ``type`` may name: one table for each kind of component."""

from __future__ import annotations

from dataclasses import dataclass, fields
from importlib import import_module
from typing import TYPE_CHECKING, Any, Self

from daemon.intake.labels.options import ClassLabel, NumberLabel

if TYPE_CHECKING:
    from collections.abc import Mapping

    Table = Mapping[str, Any]

LABELS = {"class": ClassLabel, "number": NumberLabel}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """The tables, name to class; a test may bring its own."""

    source: Table
    decoder: Table
    predictions: Table
    dead_letters: Table
    model: Table
    adapter: Table
    optimizer: Table
    strategy: Table
    tasks: Table
    label: Table
    imports_own: bool = True
    """Whether a user's own class is imported; else its source text is looked at, and nothing executed."""

    @classmethod
    def names(cls) -> list[str]:
        """Return the names of the tables."""
        return [each.name for each in fields(cls) if each.name != "imports_own"]

    @classmethod
    def installed(cls, *, imports_own: bool = True) -> Self:
        """Return the tables of the packages, imported here because they bring torch and the Kafka client along."""
        connectors, strategies = import_module("connectors"), import_module("strategies")
        return cls(
            source=connectors.SOURCES,
            decoder=connectors.DECODERS,
            predictions=connectors.PREDICTIONS,
            dead_letters=connectors.DEAD_LETTERS,
            model={**strategies.MODELS, **strategies.CLOSED_FORMS},
            adapter=import_module("strategies.adapters").ADAPTERS,
            optimizer=strategies.OPTIMIZERS,
            strategy=strategies.STRATEGIES,
            tasks=import_module("daemon.tasks").TASKS,
            label=LABELS,
            imports_own=imports_own,
        )
