"""What the checks have found, for people and for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.table import Table

from daemon.doctor.finding import Level

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from daemon.doctor.finding import Finding

_STYLES = {Level.OK: "", Level.WARNING: "yellow", Level.PROBLEM: "bold red"}
_WIDTHS = (len("problem"), len("configuration"))


def print_text(findings: Iterable[tuple[str, Finding]], file: Path | None) -> bool:
    """Show each finding as it is made, for Kafka may keep us waiting; return whether nothing is a problem."""
    console = Console(highlight=False, markup=False)
    levels = []
    for name, finding in findings:
        levels.append(finding.level)
        console.print(_row(name, finding))
    console.print(f"\n{_summary(levels)}")
    if file is None:
        console.print("Only the machine was looked at: name a configuration file to see the rest.")
    return Level.PROBLEM not in levels


def print_json(findings: Iterable[tuple[str, Finding]]) -> bool:
    """Print all findings as one JSON object; return whether nothing is a problem."""
    found = list(findings)
    levels = [finding.level for _, finding in found]
    rows: list[dict[str, Any]] = [
        {"check": name, "level": finding.level, "found": finding.found, "remedy": finding.remedy}
        for name, finding in found
    ]
    counts = {f"{level}s": levels.count(level) for level in (Level.PROBLEM, Level.WARNING)}
    typer.echo(json.dumps({**counts, "findings": rows}, indent=2, ensure_ascii=False))
    return Level.PROBLEM not in levels


def _row(name: str, finding: Finding) -> Table:
    row = Table.grid(padding=(0, 2))
    for width in _WIDTHS:
        row.add_column(width=width, no_wrap=True)
    row.add_column(overflow="fold")
    row.add_row(finding.level, name, finding.found, style=_STYLES[finding.level])
    if finding.remedy:
        row.add_row("", "", f"→ {finding.remedy}")
    return row


def _summary(levels: list[Level]) -> str:
    counts = ((levels.count(level), level) for level in (Level.PROBLEM, Level.WARNING))
    parts = [f"{count} {level}{'' if count == 1 else 's'}" for count, level in counts if count]
    return f"{' and '.join(parts)}." if parts else "Nothing is wrong."
