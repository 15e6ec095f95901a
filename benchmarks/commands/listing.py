"""What there is to measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from benchmarks.report.markdown_table import published

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from benchmarks.literature.protocol import Protocol


def list_protocols(console: Console, protocols: Mapping[str, type[Protocol]]) -> None:
    """Print the protocols and their settings."""
    for name, protocol in protocols.items():
        console.print(f"{name}: {protocol.summary}", style="bold", soft_wrap=True)
        table = Table("setting", "published", "note", box=None, header_style="dim")
        for key, setting in protocol.settings.items():
            table.add_row(key, published(setting), setting.note)
        console.print(table)
        console.print()


def list_programs(console: Console, programs: Mapping[str, str]) -> None:
    """Print a line for each module that is a program of its own."""
    for name, summary in programs.items():
        console.print(f"python -m {name}: {summary}", soft_wrap=True)
