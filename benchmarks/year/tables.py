"""The year's tables in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.year.figures import MONTHS, by_kind, last_kept
from benchmarks.year.retention import AGES, NOW, THEN
from benchmarks.year.simulator import CEILING
from benchmarks.year.states import NEW_STATES
from daemon.learning.snapshot import COMMITTEE, MAIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.year.figures import Year
    from benchmarks.year.recovery import Moment, Recovery
    from benchmarks.year.simulator import Simulator

LAST_WEEKS = 4
ARRIVAL_NOTE = (
    f"Accuracy on arrival, %. Nobody can have more than {100 * CEILING:.1f} but by luck: the other labels are wrong"
    " by chance. The last month makes what the second made. New states are those that nobody had seen when the year"
    " began. Events per second are of one core's time in the pipeline, in the second half of the run."
)
RECOVERY_NOTE = (
    "From its start until answers on arrival are back within a point of what they were before; where a product"
    " begins, of what they are in its campaign's second half. First the median in events, then how many mistakes"
    " that cost in all; in brackets how many were not back before their campaign ended."
)
KEPT_NOTE = (
    f"Accuracy at the end (mean of the last {LAST_WEEKS} weeks) on rows of days ago that nobody has learned, with"
    " true labels, %: as they came then, and with what sensors show today. A row is answered as if its machine were"
    " new."
)


def tables(years: Sequence[Year], simulator: Simulator, *, command: str) -> str:
    """Return the three tables of the variants that have come somewhere, below the command that prints them."""
    parts = (
        f"`{command}`",
        ARRIVAL_NOTE,
        _arrival(years, simulator),
        RECOVERY_NOTE,
        _recovery(years, simulator),
        KEPT_NOTE,
        _kept(years),
    )
    return "\n\n".join(parts) + "\n"


def incident_lines(year: Year, simulator: Simulator) -> str:
    """Return a table of one variant's incidents, one by one."""
    head = ("day", "what", "level, %", "first, %", "events until back", "mistakes")
    rows = [_incident(moment, of) for moment, of in year.recoveries(simulator)]
    return f"{year.name}\n\n{_table(head, rows, texts=2)}\n"


def _arrival(years: Sequence[Year], simulator: Simulator) -> str:
    head = ("variant", *MONTHS, "whole year", "new states, last month", "events/s")
    rows = []
    for year in years:
        months = [year.month(name, simulator) for name in MONTHS]
        shown = [_percent(one) for one in (*months, year.accuracy, _new_states(year))]
        rows.append((year.name, *shown, f"{year.events_per_second:,.0f}"))
    return _table(head, rows)


def _recovery(years: Sequence[Year], simulator: Simulator) -> str:
    summaries = {year.name: by_kind(year.recoveries(simulator)) for year in years}
    kinds = dict.fromkeys(kind for of in summaries.values() for kind in of)
    rows = []
    for kind in kinds:
        found = [of.get(kind) for of in summaries.values()]
        count = max(one.count for one in found if one)
        cells = []
        for one in found:
            if one is None:
                cells.append("")
                continue
            until = "not back" if one.events is None else f"{one.events:,.0f}"
            late = f" ({one.count - one.back} late)" if one.back < one.count else ""
            cells.append(f"{until}, {one.lost:,.0f}{late}")
        rows.append((f"{kind} ({count})", *cells))
    return _table(("what", *summaries), rows)


def _kept(years: Sequence[Year]) -> str:
    ages = [f"{age}-{sensors}" for sensors in (THEN, NOW) for age in AGES]
    head = ["variant", *(f"a {age} ago" for age in AGES), *(f"a {age} ago, sensors of today" for age in AGES)]
    rows = []
    for year in years:
        for who in (COMMITTEE, MAIN):
            scores = last_kept(year.points, who, last=LAST_WEEKS)
            if scores:
                rows.append((f"{year.name}, {who}", *(_percent(scores.get(age)) for age in ages)))
    return _table(head, rows)


def _new_states(year: Year) -> float | None:
    """Return the accuracy on the states that came in the year, in the last weeks."""
    counts = [one.states.get(name, (0, 0)) for one in year.points[-LAST_WEEKS:] for name in NEW_STATES]
    rows = sum(count[0] for count in counts)
    return sum(count[1] for count in counts) / rows if rows else None


def _incident(moment: Moment, of: Recovery) -> tuple[str, ...]:
    until = "not back" if of.events is None else f"{of.events:,}"
    return (f"{moment.time:.0f}", f"{moment.kind}: {moment.what}", _percent(of.level), _percent(of.first), until,
            f"{of.lost:,.0f}")  # fmt: skip


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}"


def _table(head: Iterable[str], rows: Iterable[Sequence[str]], *, texts: int = 1) -> str:
    names = list(head)
    marks = ["---"] * texts + ["---:"] * (len(names) - texts)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (names, marks, *rows))
