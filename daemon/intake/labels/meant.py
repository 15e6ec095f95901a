"""What labels mean that are written in several ways: trimmed, and renamed as declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.intake.labels.class_name import class_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def meaning(*, trim: bool, names: Mapping[str, str]) -> Callable[[Any], Any] | None:
    """Return what a decoded label means, as a function; None where it is the label itself.

    >>> said = meaning(trim=True, names={"broken": "fault"})
    >>> [said(label) for label in (" broken", "ok ", 3, None)]
    ['fault', 'ok', 3, None]
    """
    if not trim and not names:
        return None

    def of(value: Any) -> Any:
        if trim and isinstance(value, str):
            value = value.strip()
        name = class_name(value)
        return value if name is None else names.get(name, value)

    return of
