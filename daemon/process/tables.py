"""Tables in a terminal, or on paper where there is none."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

PAPER_WIDTH = 120
"""Columns where there is no terminal to ask."""


def console_for_tables(*, stderr: bool = False) -> Console:
    """Return what prints tables: as wide as the terminal, or as paper."""
    console = Console(stderr=stderr, highlight=False, markup=False)
    return (
        console if console.is_terminal else Console(stderr=stderr, highlight=False, markup=False, width=PAPER_WIDTH)
    )


def plain_table(*columns: str, right: tuple[str, ...] = ()) -> Table:
    """Return a table without lines; the columns named in ``right`` hold numbers."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return table
