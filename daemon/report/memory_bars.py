"""What the buffers held of each task, and what the strategies told of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.report.markup import Markup, element
from daemon.report.retention_charts import task_class
from daemon.report.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from daemon.report.run_record import RunRecord
    from daemon.telemetry.history.saved import SavedMemory

_MEGABYTE = 1e6


def memory_bars(run: RunRecord, memory: Mapping[str, SavedMemory]) -> Iterator[Markup]:
    """Yield a bar and a list for each strategy with a buffer, and the figures of each."""
    for name, held in memory.items():
        yield element("h3", name)
        if held.rows is not None:
            rows = {task: held.rows.get(str(task), 0) for task in range(len(run.tasks))}
            yield from _composition(run, {task: number for task, number in rows.items() if number}, held.gauges)
        told = {gauge: value for gauge, value in held.gauges.items() if not gauge.startswith("buffer_")}
        lines = [
            element("div", element("dt", gauge.replace("_", " ")), element("dd", _figure(gauge, value)))
            for gauge, value in told.items()
            if value is not None
        ]
        if lines:
            yield element("dl", *lines, class_="gauges")


def _composition(run: RunRecord, rows: Mapping[int, int], gauges: Mapping[str, float | None]) -> Iterator[Markup]:
    total = sum(rows.values())
    shares = {task: f"{100 * number / total:.0f} %" for task, number in rows.items()}
    looks = {task: task_class(run.place(task)) for task in rows}
    words = ", ".join(f"{run.tasks[task]} {share}" for task, share in shares.items())
    fills = [
        element("span", class_=f"fill {looks[task]}", style=f"width: {100 * number / total:.2f}%")
        for task, number in rows.items()
    ]
    yield element(
        "div", *fills, class_="stack", **{"role": "img", "aria-label": f"Rows by task: {words or 'none'}"}
    )
    lines = [
        element(
            "li",
            element("i", class_=f"swatch {looks[task]}"),
            element("span", run.tasks[task]),
            element("b", count(number)),
            element("span", shares[task], class_="muted"),
        )
        for task, number in rows.items()
    ]
    yield element("ul", *lines, class_="legend")
    size = gauges.get("buffer_bytes")
    mega = "" if size is None else f", {size / _MEGABYTE:.1f} MB"
    held, room, seen = (count(gauges.get(f"buffer_{name}")) for name in ("rows", "capacity_rows", "seen_rows"))
    yield element("p", f"{held} of {room} rows{mega}; a sample of {seen} learned.", class_="hint")


def _figure(gauge: str, value: float) -> str:
    if gauge.endswith("_active"):
        return "yes" if value else "no"
    return count(value) if value.is_integer() else f"{value:.3g}"
