"""What a benchmark came to, shown and written: a table in Markdown, and pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.literature import PROTOCOLS
from benchmarks.report.markdown_table import markdown_table
from benchmarks.report.pictures import write_pictures

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from benchmarks.literature.choice import Choice
    from benchmarks.literature.results import Results


def show(choice: Choice, results: Results, *, command: str, output: Path, console: Console, notes: Console) -> None:
    """Print the table of what is finished, write it beside the results, and the pictures into ``output``.

    ``command`` is what prints the same again. What is written is named in ``notes``. Where no run is finished there
    is nothing to show.
    """
    outcomes = choice.outcomes(results)
    if not outcomes:
        return
    protocol = PROTOCOLS[choice.protocol]
    table = markdown_table(protocol, outcomes, command=command, validate=choice.validate)
    console.print(table, soft_wrap=True, end="")
    beside = results.path.with_suffix(".md")
    beside.write_text(table, encoding="utf-8")
    for path in (results.path, beside, *write_pictures(choice.protocol, protocol, outcomes, folder=output)):
        notes.print(str(path), soft_wrap=True)
