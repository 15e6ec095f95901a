"""The fields of a stream as a table for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from connectors.printable import printable
from daemon.process.tables import plain_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.table import Table

    from daemon.sample.field_profile import FieldProfile

MOST_ROWS = 64
"""Fields that are shown."""


def fields_table(fields: Mapping[str, FieldProfile], becomes: Mapping[str, tuple[str, str]]) -> Table:
    """Return a row for each field; ``becomes`` says what each is to the daemon, and why."""
    table = plain_table(
        "field", "kind", "missing", "distinct", "range", "examples", "becomes", right=("missing", "distinct")
    )
    for name, each in list(fields.items())[:MOST_ROWS]:
        role, why = becomes.get(name, ("", ""))
        cells = (
            name or "(no name)", _kind(each), f"{each.missing_share:.1%}" if each.missing_share else "",
            f"{each.distinct:,}", _range(each), ", ".join(each.examples), f"{role}: {why}" if why else role,
        )  # fmt: skip
        table.add_row(*(Text(printable(cell)) for cell in cells), style="dim" if role == "left out" else "")
    if len(fields) > MOST_ROWS:
        table.add_row(f"… and {len(fields) - MOST_ROWS:,} more")
    return table


def _kind(each: FieldProfile) -> str:
    if each.kind == "time":
        return f"time, {each.clock}"
    return "whole number" if each.kind == "number" and each.whole else each.kind


def _range(each: FieldProfile) -> str:
    extent = each.range
    return "" if extent is None or each.kind == "time" else f"{extent[0]:.6g} to {extent[1]:.6g}"
