"""What two sections of a file must agree on, checked on the values as written, so that it needs no valid file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.config.default_strategies import CLOSED_FORM
from daemon.config.label_words import is_of_the_future, labels_of, type_of_label
from daemon.config.values import value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.config.document import Document
    from daemon.config.errors import KeyPath, Problem

STRATEGY_LISTS: tuple[KeyPath, ...] = (("strategies",), ("companions", "challenger", "strategies"))
ADAPTER_LISTS: tuple[KeyPath, ...] = (("adapters",), ("companions", "challenger", "adapters"))


def inconsistencies(document: Document) -> list[Problem]:
    """Return a problem for each thing that one section needs and another does not give."""
    return [
        *_labels_without_a_field(document),
        *_tasks_without_a_field(document),
        *_mixing_without_rows(document),
        *_methods_beside_a_closed_form(document),
        *_classes_of_numbers(document),
        *_weights_in_a_closed_form(document),
        *_nothing_to_see(document),
        *_budget_of_nothing(document),
    ]


def _labels_without_a_field(document: Document) -> Iterator[Problem]:
    if is_of_the_future(document.value):
        yield from _two_labels(document)
        return
    label = value_at(("label",), document.value)
    if value_at(("from",), label) == "topic" and value_at(("field",), label) is not None:
        return
    for path in (("decoder",), ("reference", "decoder")):
        decoder = _own_decoder(path, document)
        if decoder is not None and decoder.get("label") is None:
            yield document.problem(
                (*path, "label"),
                "required, but missing; expected the name of the field that holds the label:"
                " there is nothing to learn",
            )


def _two_labels(document: Document) -> Iterator[Problem]:
    decoder = _own_decoder(("decoder",), document)
    if decoder is not None and decoder.get("label") is not None:
        message = "the label comes from the stream itself, as its field says; leave this one out"
        yield document.problem(("decoder", "label"), message)


def _tasks_without_a_field(document: Document) -> Iterator[Problem]:
    decoder = _own_decoder(("decoder",), document)
    if decoder is None:
        return
    if value_at(("tasks", "type"), document.value) == "field" and decoder.get("task") is None:
        message = "tasks come from a field, but decoder.task does not say which; name it there"
        yield document.problem(("tasks", "type"), message, expected="decoder.task")


def _mixing_without_rows(document: Document) -> Iterator[Problem]:
    reference = value_at(("reference",), document.value)
    mixing = [path for place in STRATEGY_LISTS for path in _of_type("mixing", place, document)]
    if reference is None:
        message = "mixing draws rows from before the stream, but there is no reference section that has them"
        yield from (document.problem((*path, "type"), message, expected="reference") for path in mixing)
    elif mixing and value_at(("probe_share",), reference) == 1:
        message = "all reference rows are scored, and so none may be learned; mixing needs a share below 1"
        yield document.problem(("reference", "probe_share"), message, expected="a number < 1")


def _methods_beside_a_closed_form(document: Document) -> Iterator[Problem]:
    if value_at(("model", "type"), document.value) != CLOSED_FORM:
        return
    for path in (*STRATEGY_LISTS, *ADAPTER_LISTS):
        listed = value_at(path, document.value)
        if isinstance(listed, list) and listed:
            message = f"a closed form has no gradient and no layers that {path[-1]} could act on; write []"
            yield document.problem(path, message, expected="[]")


def _classes_of_numbers(document: Document) -> Iterator[Problem]:
    if all(type_of_label(label) != "number" for label in labels_of(document.value)):
        return
    message = "class_balanced keeps as many rows of each class, but the label is a number; keep a uniform sample"
    for place in STRATEGY_LISTS:
        listed = value_at(place, document.value)
        for index in range(len(listed) if isinstance(listed, list) else 0):
            path = (*place, index, "policy")
            if value_at(path, document.value) == "class_balanced":
                yield document.problem(path, message, expected="reservoir or task_balanced")


def _weights_in_a_closed_form(document: Document) -> Iterator[Problem]:
    closed = value_at(("model", "type"), document.value) == CLOSED_FORM
    if closed and value_at(("label", "weights"), document.value) == "balanced":
        message = "a closed form counts every event alike; leave it out, or choose a network"
        yield document.problem(("label", "weights"), message, expected="equal")


def _budget_of_nothing(document: Document) -> Iterator[Problem]:
    """Yield what keeps a budget from being held: no task is ever past, or nothing could be done."""
    value = document.value
    if value_at(("retention", "budget"), value) is None:
        return
    if (value_at(("tasks", "type"), value) or "none") == "none":
        message = "a budget is for past tasks, but there is one task, which is never past; set tasks.type"
        yield document.problem(("retention", "budget"), message, expected="tasks: {type: field}, for one")
    if value_at(("model", "type"), value) == CLOSED_FORM:
        message = "a closed form forgets by learner.scale_half_life and half_life alone; leave the budget out"
        yield document.problem(("retention", "budget"), message, expected="a network, such as mlp")


def _nothing_to_see(document: Document) -> Iterator[Problem]:
    declared = value_at(("features",), document.value)
    made = ("label_lags", "categories", "cyclic", "hour", "weekday")
    if value_at(("decoder", "features"), document.value) != []:
        return
    if not isinstance(declared, dict) or not any(declared.get(name) for name in made):
        message = f"no field is a feature, and the section features makes none: set one of its {', '.join(made)}"
        yield document.problem(("decoder", "features"), message, expected="a list of fields")


def _of_type(kind: str, place: KeyPath, document: Document) -> list[KeyPath]:
    """Return where in the list at ``place`` the components of this type are."""
    found = value_at(place, document.value)
    rows = found if isinstance(found, list) else []
    return [(*place, index) for index, entry in enumerate(rows) if value_at(("type",), entry) == kind]


def _own_decoder(path: KeyPath, document: Document) -> dict[str, Any] | None:
    """Return the options of a decoder of ours; None where there is none, or a class of the user's own."""
    decoder = value_at(path, document.value)
    kind = value_at(("type",), decoder)
    if not isinstance(decoder, dict) or not isinstance(kind, str) or ":" in kind:
        return None
    return decoder
