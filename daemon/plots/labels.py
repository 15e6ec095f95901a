"""Names from a stream as labels in a picture."""

from __future__ import annotations

from connectors.printable import printable

_LONGEST = 12


def drawable(name: str) -> str:
    r"""Return a name as matplotlib can draw it: short, on one line, without what it takes for a formula.

    >>> drawable("$x^2$"), drawable("a name that is far too long for a picture")
    ('\\$x^2\\$', 'a name that…')
    """
    shown = printable(name, keep="")
    short = shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
    return short.replace("$", "\\$")
