"""What two sections of a file must agree on, checked on the values as written, so that it needs no valid file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.config.shape import value_at

if TYPE_CHECKING:
    from daemon.config.document import Document
    from daemon.config.errors import Problem


def inconsistencies(document: Document) -> list[Problem]:
    """Return a problem for each thing that one section needs and another does not give."""
    decoder = value_at(("decoder",), document.value)
    kind = value_at(("type",), decoder)
    if not isinstance(decoder, dict) or not isinstance(kind, str) or ":" in kind:
        return []
    problems = []
    if decoder.get("label") is None:
        message = (
            "required, but missing; expected the name of the field that holds the label: there is nothing to learn"
        )
        problems.append(document.problem(("decoder", "label"), message))
    if value_at(("tasks", "type"), document.value) == "field" and decoder.get("task") is None:
        message = "tasks come from a field, but decoder.task does not say which; name it there"
        problems.append(document.problem(("tasks", "type"), message, expected="decoder.task"))
    return problems
