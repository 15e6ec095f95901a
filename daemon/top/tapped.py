"""Events as they pass, a line each."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from connectors.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from daemon.top.client import Client

_DIGITS = 4


def lines_of(
    client: Client, *, every: int, most: int | None, missed: Callable[[int], None]
) -> Iterator[dict[str, Any]]:
    """Yield what passes, until ``most`` events did; ``missed`` is told how many lines came too fast.

    It begins with the next event. Raises ``UnreachableError``.
    """
    seen: int | None = None
    events = 0
    while most is None or events < most:
        answer = client.tapped(every=every, after=seen)
        seen = answer["next"]
        if answer["missed"]:
            missed(answer["missed"])
        for line in answer["lines"]:
            yield line
            events += line["kind"] == "event"
            if most is not None and events >= most:
                return


def told(line: dict[str, Any]) -> str:
    """Return a line as people read it.

    >>> told({"kind": "label", "topic": "plant", "partition": 0, "offset": 7, "label": "ok"})
    'plant/0/7 label ok'
    """
    index = f".{line['index']}" if "index" in line else ""
    target = f" {line['target']}" if "target" in line else ""
    where = f"{line['topic']}/{line['partition']}/{line['offset']}{index}{target}"
    says = {"event": _event, "label": lambda each: f"label {_short(each['label'])}", "learned": _learned}[
        line["kind"]
    ]
    return printable(f"{where} {says(line)}")


def _event(line: dict[str, Any]) -> str:
    sure = line["probabilities"]
    if isinstance(sure, dict):
        said = ", ".join(f"{name} {chance:.2f}" for name, chance in sure.items())
    else:
        said = _short(line["prediction"])
    label = "label to come" if line["label_comes_later"] else f"label {_short(line['label'])}"
    features = " ".join(f"{name}={_short(value)}" for name, value in (line["features"] or {}).items())
    held_out = " held out" if line["held_out"] else ""
    return f"task {line['task']}: {said}; {label}{held_out}; {features}"


def _learned(line: dict[str, Any]) -> str:
    rows = line["rehearsed"] or []
    tasks = Counter(f"{row['task']}/{_short(row['label'])}" for row in rows)
    beside = ", ".join(f"{count} of {name}" for name, count in tasks.most_common())
    more = line["rehearsed_rows"] - len(rows)
    return (
        f"learned with {line['rows'] - 1} others and {line['rehearsed_rows']} rehearsed"
        + (f": {beside}" if beside else "")
        + (f", {more} more" if more > 0 else "")
    )


def _short(value: Any) -> str:
    return f"{value:.{_DIGITS}g}" if isinstance(value, float) else str(value)
