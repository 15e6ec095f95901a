"""Which values of events nobody is to see."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.intake.features.parts import LABEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemon.intake.column import Column

REDACTED = "[redacted]"
"""Stands in the place of what is hidden."""


class Redaction:
    """Which fields nobody is to see, and what of an event says something of them."""

    def __init__(self, fields: Sequence[str], *, labels: Sequence[str | None], task: str | None) -> None:
        """``labels`` and ``task`` are the fields that hold these; where one label is hidden, all are."""
        self._fields = frozenset(fields)
        words = "|".join(re.escape(each) for each in fields)
        self._named = re.compile(rf"(?<!\w)(?:{words})(?!\w)") if fields else None
        self.label, self.task = not self._fields.isdisjoint(labels), task in self._fields

    def hides(self, column: Column) -> bool:
        """Tell whether a column is of such a field, or is named after one, as lags and means are.

        >>> from daemon.intake.column import Column
        >>> hidden = Redaction(["s1"], labels=[], task=None)
        >>> [hidden.hides(Column(name, None, 0.0)) for name in ("s1", "mean of s1 over 5", "s12")]
        [True, True, False]
        """
        if column.about == LABEL and self.label:
            return True
        return column.about in self._fields or (self._named is not None and bool(self._named.search(column.name)))
