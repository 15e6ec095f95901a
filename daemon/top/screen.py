"""One screen of a daemon's standing, for a terminal of 80 columns and more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.text import Text

from connectors.printable import printable
from daemon.process.tables import plain_table
from daemon.report.wording import count, lost, points, rate, score
from daemon.top.spans import span, sparkline

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import RenderableType
    from rich.table import Table

    from daemon.top.client import Standing

_MOST_TASKS = 12
_MOST_VOICES = 4
_MOST_NOTES = 5
_SPARKS = 20
_NAME_WIDTH = 24


def screen(standing: Standing, *, now: float) -> Group:
    """Return what is to be seen of a daemon at ``now``, in Unix seconds; what it doesn't have takes no line."""
    status, history = standing.status, standing.history
    parts = (
        _heading(status, now=now),
        _stream(status, history),
        _scores(status),
        _tasks(status),
        _budget(status),
        _ages(status),
        _labels(status),
        _notes(status, history, now=now),
    )
    return Group(*(line for part in parts for line in part))


def _heading(status: Mapping[str, Any], *, now: float) -> Iterator[RenderableType]:
    ready, saved = status["ready"], status.get("checkpoint") or {}
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(_shown(status["name"]), "bold")
    line.append("  ready" if ready else "  not ready", "green" if ready else "bold red")
    line.append(f"  up {span(now - status['started'])}")
    if saved.get("at") is not None:
        line.append(f"  checkpoint {saved['generation']}, {span(now - saved['at'])} ago")
    yield line
    if not ready:
        yield Text(_shown(status["reason"], width=None), "red")


def _stream(status: Mapping[str, Any], history: Mapping[str, Any]) -> Iterator[RenderableType]:
    stream = history.get("stream") or {}
    rates = [each for each in stream.get("rate", ()) if each is not None]
    lag = (stream.get("lag") or [None])[-1]
    yield _line(
        f"events {count(status['events'])}",
        f"{rate(rates[-1] if rates else None)}/s {sparkline(rates[-_SPARKS:])}",
        f"lag {count(lag)}",
        f"waiting {count(status['waiting'])}",
        None if status["current_task"] is None else f"task {_shown(status['current_task'])}",
    )
    rows = [f"{_shown(name)} {count(sum(of.values()))} rows" for name, of in status.get("buffers", {}).items()]
    if rows or "steps" in status:
        yield _line(f"steps {count(status.get('steps'))}", *rows, f"features {count(len(status['features']))}")


def _scores(status: Mapping[str, Any]) -> Iterator[RenderableType]:
    answers = (status.get("committee") or status).get("prequential")
    if answers is None:
        return
    percent = _percent(status)
    leads = [
        f"{_shown(name)} {points(lead['lead'], percent=percent)}"
        for name, lead in status.get("leads", {}).items()
        if lead is not None
    ]
    yield _line(
        f"answers {score(answers['window_score'], percent=percent)} lately",
        f"{score(answers['score'], percent=percent)} in all",
        f"ahead of {', '.join(leads)}" if leads else None,
    )
    weights = (status.get("committee") or {}).get("weights", {})
    believed = sorted(weights.items(), key=lambda one: -one[1])[:_MOST_VOICES]
    if believed:
        yield _line("believed", *(f"{_shown(name)} {100 * weight:.0f} %" for name, weight in believed))


def _tasks(status: Mapping[str, Any]) -> Iterator[RenderableType]:
    tasks = status.get("retention", {}).get("tasks", {})
    if not tasks:
        return
    percent, rows = _percent(status), _rows_by_task(status)
    table = _table("task", "now", "±", "best", "forgotten", "rows")
    # What is forgotten most is what an operator looks for.
    worst = sorted(tasks.items(), key=lambda one: -(one[1]["forgetting"] or 0.0))
    for name, of in worst[:_MOST_TASKS]:
        error = lost(of["standard_error"], percent=percent)
        figures = (score(of["score"], percent=percent), error, score(of["best"], percent=percent))
        table.add_row(_shown(name), *figures, lost(of["forgetting"], percent=percent), count(rows.get(name)))
    yield Text()
    yield table
    if len(tasks) > _MOST_TASKS:
        yield Text(f"and {len(tasks) - _MOST_TASKS} that have forgotten less", "dim")


def _budget(status: Mapping[str, Any]) -> Iterator[RenderableType]:
    budget = status.get("budget")
    if budget is None:
        return
    frozen, left = budget["evaluations_frozen"], budget["events_left"]
    calm = budget["stage"] == "calm"
    line = _line(
        f"budget {budget['stage']}",
        f"for {', '.join(map(_shown, budget['causes']))}" if budget["causes"] else None,
        f"tried again after {count(frozen)} evaluations" if frozen else None,
        None if left is None else f"let go in {count(left)} events",
        f"let go so far {count(budget['let_go'])}" if budget["let_go"] else None,
    )
    line.stylize("" if calm else "yellow")
    yield line


def _ages(status: Mapping[str, Any]) -> Iterator[RenderableType]:
    percent, ages = _percent(status), status.get("retention", {}).get("by_age", ())
    parts = [
        f"{_shown(each['age'])} {score(each['score'], percent=percent)}"
        f" (new {score(each['when_new'], percent=percent)})"
        for each in ages
        if each["score"] is not None
    ]
    if parts:
        yield _line("by age", *parts)


def _labels(status: Mapping[str, Any]) -> Iterator[RenderableType]:
    labels = status.get("labels")
    if labels is not None:
        outcomes = (f"{_shown(name)} {count(number)}" for name, number in labels["outcomes"].items() if number)
        yield _line(f"labels: {count(labels['waiting_rows'])} rows wait", *outcomes)


def _notes(status: Mapping[str, Any], history: Mapping[str, Any], *, now: float) -> Iterator[RenderableType]:
    yield Text()
    for each in status.get("advice", ()):
        yield Text(f"advice: {_shown(each['why'], width=None)} {_shown(each['remedy'], width=None)}", "yellow")
    notes = sorted(history.get("notes", ()), key=lambda note: -note["at"])
    for note in notes[:_MOST_NOTES]:
        line = Text(no_wrap=True, overflow="ellipsis")
        line.append(f"{span(now - note['at']):>8} ago  ", "dim")
        line.append(_shown(note["text"], width=None), "red" if note["kind"] == "failed" else "")
        yield line


def _rows_by_task(status: Mapping[str, Any]) -> dict[str, int]:
    """Return how many rows of each task are remembered, by the method that remembers most."""
    return max(status.get("buffers", {}).values(), key=lambda of: sum(of.values()), default={})


def _table(first: str, *numbers: str) -> Table:
    return plain_table(first, *numbers, right=numbers)


def _line(*parts: str | None) -> Text:
    return Text("   ".join(part for part in parts if part), no_wrap=False)


def _percent(status: Mapping[str, Any]) -> bool:
    """Tell whether scores are shares of right answers: they are R² where the label is a number."""
    return bool(status["classes"])


def _shown(text: object, *, width: int | None = _NAME_WIDTH) -> str:
    """Return what a stream has said so that it does nothing to the terminal, and no longer than ``width``."""
    safe = printable(str(text), keep="")
    return safe if width is None or len(safe) <= width else f"{safe[: width - 1]}…"
