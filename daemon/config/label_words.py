"""The short ways to write a label, and what they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from daemon.intake.labels.later import OF_CLASSES

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    >>> label_in_full({"targets": [{"field": "pm25", "ahead": "1h"}]})["targets"]
    [{'type': 'number', 'from': 'stream', 'field': 'pm25', 'ahead': '1h'}]
    """
    if sections.get("targets"):
        return _targets_in_full(sections)
    label, target = sections.get("label"), sections.get("target")
    if target is None and label != NONE:
        return _typed(label)
    if label not in (None, NONE, {}):
        raise ValueError("target says what is predicted where there is no label; leave out one of the two")
    if not isinstance(target, dict):
        why = (
            "label: none needs target, a mapping of what is predicted: target: {field: pm25, ahead: 12};"
            " or targets, a list of such mappings"
        )
        raise ValueError(why)  # noqa: TRY004 - pydantic tells of these alone
    return _typed({"from": "stream", **target}) | {"target": None}


def as_written(path: tuple[str | int, ...], sections: Any) -> tuple[str | int, ...]:
    """Return where a place in the label is written: in the ``target``, where that is what says it.

    >>> as_written(("label", "ahead"), {"label": "none", "target": {"ahead": -1}})
    ('target', 'ahead')
    """
    says = isinstance(sections, Mapping) and isinstance(sections.get("target"), dict)
    return ("target", *path[1:]) if says and path and path[0] == "label" else path


def target_as_label(path: tuple[str | int, ...], sections: Any) -> tuple[tuple[str | int, ...], Any]:
    """Return the place of the label that a place in the ``target`` means, and sections with such a label.

    >>> target_as_label(("target", "ahead"), {"target": {"ahead": -1}})
    (('label', 'ahead'), {'label': {'from': 'stream', 'ahead': -1}})
    """
    if path[:1] != ("target",) or not isinstance(sections.get("target"), dict):
        return path, sections
    return ("label", *path[1:]), {"label": {"from": "stream", **sections["target"]}}


def type_of_label(label: Mapping[str, Any]) -> str:
    """Return what a label is, by how it is written: what lies in the stream's future is a number by default.

    >>> type_of_label({"field": "pm25", "ahead": "1h"}), type_of_label({"from": "topic"})
    ('number', 'class')
    """
    in_future = label.get("from") == "stream" or "ahead" in label
    future = "class" if str(label.get("as")) in OF_CLASSES else "number"
    kind: str = label.get("type", future if in_future else "class")
    return kind


def is_of_the_future(sections: Any) -> bool:
    """Tell whether what is predicted is of the stream's own future, so that no event brings its label.

    >>> is_of_the_future({"targets": [{"field": "pm25", "ahead": 1}]}), is_of_the_future({"label": {"by": "key"}})
    (True, False)
    """
    if not isinstance(sections, Mapping):
        return False
    label = sections.get("label")
    said = isinstance(label, dict) and label.get("from") == "stream"
    return said or label == NONE or any(sections.get(name) for name in ("target", "targets"))


def labels_of(sections: Any) -> Sequence[Mapping[str, Any]]:
    """Return what is predicted, as it is written: the targets, or the one label; empty where it is none."""
    if not isinstance(sections, dict):
        return []
    targets = sections.get("targets")
    labels = targets if isinstance(targets, list) and targets else [sections.get("label")]
    return [label if isinstance(label, dict) else {} for label in labels]


def _targets_in_full(sections: Mapping[str, Any]) -> dict[str, Any]:
    """Return the targets of a file that lists several, each as the section of a label."""
    if sections.get("label") not in (None, NONE, {}) or sections.get("target") is not None:
        raise ValueError("targets say what is predicted; leave out label and target, or say label: none")
    targets = sections["targets"]
    if not isinstance(targets, list | tuple):
        return {}  # which is said where they are looked at one by one
    return {"targets": [_of_stream(each) if isinstance(each, dict) else each for each in targets]}


def _of_stream(target: dict[str, Any]) -> dict[str, Any]:
    label: dict[str, Any] = _typed({"from": "stream", **target}).get("label", target)
    return label


def _typed(label: Any) -> dict[str, Any]:
    """Return the section with the type that its target has, where it is one of the stream and does not say so."""
    if not isinstance(label, dict) or label.get("from") != "stream":
        return {}
    target = str(label.get("as"))
    if target in OF_CLASSES:
        open_set = label.get("type", "class") == "class" and not label.get("classes")
        of_classes = {"max_classes": _CLASSES[target]} if open_set else {}
        return {"label": {"type": "class", **of_classes, **label}}
    return {"label": {"type": "number", **label}}
