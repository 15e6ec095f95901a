"""What the arena came to, shown and written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.arena.picture import picture
from benchmarks.arena.standing import standings
from benchmarks.arena.tables import detail_table, score_table
from daemon.plots.png import write_png

if TYPE_CHECKING:
    from rich.console import Console

    from benchmarks.arena.programme import Programme
    from benchmarks.literature.results import Results


def show(programme: Programme, results: Results, *, command: str, console: Console, notes: Console) -> None:
    """Print the tables of what is finished, and write them and the picture beside the results.

    ``command`` is what prints the same again. Where no run is finished there is nothing to show.
    """
    outcomes = programme.outcomes(results)
    if not outcomes:
        return
    text = f"{score_table(outcomes, command=command)}\n{detail_table(outcomes)}"
    console.print(text, soft_wrap=True, end="")
    table, drawn = results.path.with_suffix(".md"), results.path.with_suffix(".png")
    table.write_text(text, encoding="utf-8")
    write_png(picture(standings(outcomes), title="The untouched default beside its references"), drawn)
    for path in (results.path, table, drawn):
        notes.print(str(path), soft_wrap=True)
