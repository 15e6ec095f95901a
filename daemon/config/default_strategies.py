"""What ``strategies: default`` means: what suits the kind of stream, by what the file says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.config.label_words import labels_of, type_of_label

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT = "default"
CLOSED_FORM = "closed_form"
"""The model that is a learner of its own, without a network."""

_PULL = {"type": "l2sp", "strength": 0.2, "decoupled": True}
"""Keeps a network able to learn: after 800 tasks as after ten (docs/results.md)."""
_PULL_OF_LARGE_RATES = {"type": "l2sp", "strength": 0.004}
"""About as strong a step, where the learning rate is that of SGD: fifty times that of Adam."""
_NAMED_TASKS = ("field", "topic", "schedule")


def default_strategies(sections: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the list for a file with these sections, as it would be written.

    Classes in tasks that someone names: DER++, which keeps what the model said of the past and lost to nothing else
    at the same memory (docs/results.md). Where the stream changes by itself (drift, or no tasks), what was said of
    the past may have become wrong, and numbers have no logits: replay. With either, the weights are drawn towards
    where they began, or a network that has learned for long learns less and less (L2 Init, Kumar et al. 2023).
    Images are kept in a byte a pixel. A closed form has nothing to be held or rehearsed. Several targets have one
    list, which suits classes only where all of them are.

    >>> default_strategies({"tasks": {"type": "field"}})
    [{'type': 'derpp', 'alpha': 0.2, 'beta': 0.5}, {'type': 'l2sp', 'strength': 0.2, 'decoupled': True}]
    >>> default_strategies({"label": {"type": "number"}, "tasks": {"type": "field"}})
    [{'type': 'replay'}, {'type': 'l2sp', 'strength': 0.2, 'decoupled': True}]
    >>> default_strategies({"model": {"type": "closed_form"}})
    []
    """
    if _section(sections, "model").get("type") == CLOSED_FORM:
        return []
    storage = _storage(_section(sections, "decoder"))
    adam = _section(sections, "optimizer").get("type", "adam") == "adam"
    pull = {**(_PULL if adam else _PULL_OF_LARGE_RATES)}
    classes = all(type_of_label(label) == "class" for label in labels_of(sections))
    if classes and _section(sections, "tasks").get("type") in _NAMED_TASKS:
        return [{"type": "derpp", "alpha": 0.2, "beta": 0.5, **storage}, pull]
    return [{"type": "replay", **storage}, pull]


def untouched(sections: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sections of a file that leaves it to retaind how to learn; those that it gives stay as they are.

    Beside the strategies that is a committee, and a young stream learned in more steps: what is ahead on streams
    that nobody has looked at (docs/arena.md). Whoever lists strategies has a method in mind, and gets just that. A
    model that has learned before is not shaken by many steps on few events.

    >>> untouched({"label": {"type": "number"}, "tasks": {"type": "field"}, "learner": {"batch": 8}})["learner"]
    {'steps': 'auto', 'batch': 8}
    """
    assumed: dict[str, Any] = {"strategies": default_strategies(sections)}
    if _section(sections, "model").get("type") == CLOSED_FORM:
        # Chosen for itself, often because no row may be kept, and a committee keeps some.
        return assumed
    if "committee" not in sections:
        assumed["committee"] = {}
    learner = sections.get("learner", {})
    if isinstance(learner, dict) and not _section(sections, "model").get("pretrained"):
        assumed["learner"] = {"steps": "auto", **learner}
    return assumed


def _storage(decoder: Mapping[str, Any]) -> dict[str, Any]:
    """Return how rows of a decoder are stored in a byte a value without loss; nothing where they cannot be."""
    scale, offset = decoder.get("scale", 1.0), decoder.get("offset", 0.0)
    numbers = isinstance(scale, int | float) and isinstance(offset, int | float)
    if decoder.get("type") != "raw" or decoder.get("dtype") != "uint8" or not numbers or not scale:
        return {}
    return {"storage": "uint8", "range": sorted((float(offset), float(offset + 255 * scale)))}


def _section(sections: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a section as it is written; an empty one where it is no mapping, which is said elsewhere."""
    section = sections.get(name)
    return section if isinstance(section, dict) else {}
