"""A column of the rows, as people know it."""

from __future__ import annotations

from typing import NamedTuple


class Column(NamedTuple):
    """What it is called, what it holds, and from where on."""

    name: str
    about: str | None
    """The field whose values it holds; None where it counts or flags something."""
    origin: float
    """What its values are taken from."""
