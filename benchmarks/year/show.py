"""What the variants came to so far, shown and written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.year.figures import Year
from benchmarks.year.log import YearLog
from benchmarks.year.picture import picture
from benchmarks.year.tables import incident_lines, tables
from benchmarks.year.variants import VARIANTS
from daemon.plots.png import write_png

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from benchmarks.year.simulator import Simulator


def finished(folder: Path, simulator: Simulator) -> list[Year]:
    """Return the variants of this year in the folder that have a week or more, whoever runs them."""
    years = []
    for name in VARIANTS:
        log = YearLog(folder, name)
        if not log.exists:
            continue
        setting, points = log.read()
        here = (setting.events, setting.days, setting.seed)
        if points and here == (simulator.events, simulator.days, simulator.seed):
            years.append(Year(setting, points, log.hits()[: points[-1].events]))
    return years


def show(
    years: Sequence[Year], simulator: Simulator, *, folder: Path, command: str, console: Console, notes: Console
) -> None:
    """Print the tables, and write them, every incident and the picture into the folder."""
    text = tables(years, simulator, command=command)
    console.print(text, soft_wrap=True, end="")
    table, every, drawn = folder / "year.md", folder / "incidents.md", folder / "year.png"
    table.write_text(text, encoding="utf-8")
    every.write_text("\n".join(incident_lines(year, simulator) for year in years), encoding="utf-8")
    title = f"A plant's year: {simulator.events:,} events in {simulator.days:g} days"
    write_png(picture(years, simulator, title=title), drawn)
    for path in (table, every, drawn):
        notes.print(str(path), soft_wrap=True)
