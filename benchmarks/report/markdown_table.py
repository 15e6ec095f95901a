"""The outcomes of a protocol as a Markdown table: mean and spread over seeds, published figures beside them."""

from __future__ import annotations

from statistics import fmean, stdev
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.literature.outcome import Outcome
    from benchmarks.literature.protocol import MethodSetting, Protocol

_WHOLE = ("memory_bytes", "events_per_second", "seconds")


def markdown_table(
    protocol: type[Protocol], outcomes: Mapping[str, Sequence[Outcome]], *, command: str, validate: bool
) -> str:
    """Return the table of ``outcomes``, which are those of each setting's seeds.

    Scores are in per cent, differences of scores in points.
    """
    columns = headings(protocol)
    lines = [_line(columns), _line(["---", *["---:"] * (len(columns) - 3), "---", "---"])]
    lines += [_line(cells(protocol, name, runs)) for name, runs in outcomes.items()]
    for caption, further in protocol.further_tables.items():
        lines += ["", caption, "", *_further(further, outcomes)]
    what = protocol.validated_on if validate else protocol.evaluated_on
    head = f"{protocol.summary} {what} Mean ± standard deviation over seeds.\n\n`{command}`\n"
    return "\n".join([head, *lines]) + "\n"


def headings(protocol: type[Protocol]) -> list[str]:
    """Return the names of the columns."""
    return ["setting", "seeds", *protocol.columns.values(), "published", "note"]


def cells(protocol: type[Protocol], name: str, runs: Sequence[Outcome]) -> list[str]:
    """Return the row of a setting, whose seeds ``runs`` are."""
    setting = protocol.settings[name]
    figures = [figure(column, [run.figures.get(column) for run in runs]) for column in protocol.columns]
    return [name, str(len(runs)), *figures, published(setting), setting.note]


def published(setting: MethodSetting) -> str:
    """Return what others have published for the same setting, with its source; nothing where there is nothing."""
    return "" if setting.published is None else f"{setting.published.figure} ({setting.published.source})"


def figure(name: str, values: Sequence[float | None]) -> str:
    """Return mean and spread as they are printed.

    >>> figure("final_accuracy", [0.805, 0.815]), figure("memory_bytes", [1587000.0])
    ('81.00 ± 0.71', '1,587,000')
    """
    known = [value for value in values if value is not None]
    if not known:
        return ""
    if name in _WHOLE:
        return f"{fmean(known):,.0f}"
    spread = f" ± {100 * stdev(known):.2f}" if len(known) > 1 else ""
    return f"{100 * fmean(known):.2f}{spread}"


def _further(columns: Mapping[str, str], outcomes: Mapping[str, Sequence[Outcome]]) -> list[str]:
    """Return the table of some figures, without the settings that have none of them."""
    lines = [_line(["setting", *columns.values()]), _line(["---", *["---:"] * len(columns)])]
    for name, runs in outcomes.items():
        shown = [figure(column, [run.figures.get(column) for run in runs]) for column in columns]
        if any(shown):
            lines.append(_line([name, *shown]))
    return lines


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
