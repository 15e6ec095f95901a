"""Finds the columns of the fields that the configuration names."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from daemon.intake.features.options import TIME

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from daemon.intake.features.options import FeaturesSection

KeyPath = tuple[str | int, ...]
SHOWN = 20


class FieldNameError(ValueError):
    """The configuration names a field that the events do not have; ``path`` is the key in the file."""

    def __init__(self, name: str, *, path: KeyPath, fields: Sequence[str]) -> None:
        near = get_close_matches(name, fields, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "expected one of: " + _listed(fields)
        super().__init__(f"no field named {name!r} in the events; {hint}")
        self.path = path


def check_field_names(options: FeaturesSection, fields: Sequence[str]) -> None:
    """Raise ``FieldNameError`` for the first field that is named but not among ``fields``."""
    for path, name in _named(options):
        if name not in fields:
            raise FieldNameError(name, path=("features", *path), fields=fields)


def _named(options: FeaturesSection) -> Iterator[tuple[KeyPath, str]]:
    for section in ("lags", "differences", "cyclic", "rolling"):
        for place, entry in enumerate(getattr(options, section)):
            if section != "cyclic" or entry.field != TIME:
                yield (section, place, "field"), entry.field
    for section in ("logarithmic", "drop"):
        # A single word stands for all fields.
        names = getattr(options, section)
        for place, name in enumerate(() if isinstance(names, str) else names):
            yield (section, place), name


def _listed(fields: Sequence[str]) -> str:
    return ", ".join(fields[:SHOWN]) + (", …" if len(fields) > SHOWN else "")
