"""What there is to measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from benchmarks.literature import PROTOCOLS

if TYPE_CHECKING:
    from rich.console import Console


def list_protocols(console: Console) -> None:
    """Print every protocol and its settings."""
    for name, protocol in PROTOCOLS.items():
        console.print(f"{name}: {protocol.summary}", style="bold", soft_wrap=True)
        table = Table("setting", "published", "note", box=None, header_style="dim")
        for key, setting in protocol.settings.items():
            published = (
                "" if setting.published is None else f"{setting.published.figure} ({setting.published.source})"
            )
            table.add_row(key, published, setting.note)
        console.print(table)
        console.print()
