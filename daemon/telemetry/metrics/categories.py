"""How far the vocabularies of the fields of categories are used up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.telemetry.metrics.family import Family

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.intake.features.categories import CategoryCounts
    from daemon.telemetry.metrics.board import Board

KNOWN = Family(
    "retaind_feature_categories", "gauge", "Values of a field that have a column of their own.", ("field",)
)
UNSEEN = Family(
    "retaind_feature_categories_unseen_total",
    "counter",
    "Values of a field that found no column of their own left, earlier runs included.",
    ("field",),
)
FAMILIES = (KNOWN, UNSEEN)


class CategoryMetrics:
    """Shows the vocabularies as they are in the state, so the counter continues across restarts."""

    def __init__(self, board: Board, *, max_fields: int = 64) -> None:
        self._board = board
        self._fields = board.labels("field", limit=max_fields)

    def show(self, counts: Mapping[str, CategoryCounts]) -> None:
        """Show how many values of each field are known, and how many came too late."""
        with self._board.tell() as now:
            places = {field: now.place(self._fields, field) for field in counts}
            now.replace(KNOWN, {places[field]: each.known for field, each in counts.items()})
            now.replace(UNSEEN, {places[field]: each.unseen for field, each in counts.items()})
