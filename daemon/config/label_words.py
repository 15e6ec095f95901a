"""The short ways to write a label, and what they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.intake.labels.later import OF_CLASSES

if TYPE_CHECKING:
    from collections.abc import Mapping

NONE = "none"
_CLASSES = {"sign": 3, "above_median": 2}
"""So many there can be."""


def label_in_full(sections: Mapping[str, Any]) -> dict[str, Any]:
    """Return the label of a file that writes it in short, as a section; nothing where it is in full.

    A stream that nobody labels has ``label: none`` and a ``target``, or the target alone: a value of its future.
    What is predicted of the future is a number, unless the target is a class.

    >>> label_in_full({"label": "none", "target": {"field": "pm25", "ahead": 12}})["label"]
    {'type': 'number', 'from': 'stream', 'field': 'pm25', 'ahead': 12}
    >>> label_in_full({"label": {"from": "stream", "field": "price", "ahead": 1, "as": "sign"}})["label"]["type"]
    'class'
    """
    label, target = sections.get("label"), sections.get("target")
    if target is None and label != NONE:
        return _typed(label)
    if label not in (None, NONE, {}):
        raise ValueError("target says what is predicted where there is no label; leave out one of the two")
    if not isinstance(target, dict):
        why = "label: none needs target, a mapping of what is predicted: target: {field: pm25, ahead: 12}"
        raise ValueError(why)  # noqa: TRY004 - pydantic tells of these alone
    return _typed({"from": "stream", **target}) | {"target": None}


def _typed(label: Any) -> dict[str, Any]:
    """Return the section with the type that its target has, where it is one of the stream and does not say so."""
    if not isinstance(label, dict) or label.get("from") != "stream":
        return {}
    target = label.get("as")
    if target in OF_CLASSES:
        open_set = label.get("type", "class") == "class" and not label.get("classes")
        of_classes = {"max_classes": _CLASSES[target]} if open_set else {}
        return {"label": {"type": "class", **of_classes, **label}}
    return {"label": {"type": "number", **label}}
