"""HTML out of values: whatever is not markup of ours is escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from connectors.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_EMPTY = frozenset({"img", "meta", "link"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(tag: str, *children: str, **attributes: str) -> Markup:
    """Return an element; children that are no ``Markup`` are text. ``class_`` is written ``class``.

    >>> element("td", "<b>", class_="task")
    '<td class="task">&lt;b&gt;</td>'
    """
    named = "".join(f' {name.rstrip("_")}="{_escaped(value)}"' for name, value in attributes.items())
    if tag in _EMPTY:
        return Markup(f"<{tag}{named}>")
    return Markup(f"<{tag}{named}>{''.join(map(_shown, children))}</{tag}>")


def together(children: Iterable[str]) -> Markup:
    """Return elements one after another."""
    return Markup("\n".join(map(_shown, children)))


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str = "") -> Markup:
    """Return a table whose first column names its rows."""
    head = element("thead", element("tr", *(element("th", each, scope="col") for each in headings)))
    body = (
        element("tr", element("th", row[0], scope="row"), *(element("td", cell) for cell in row[1:]))
        for row in rows
    )
    named = (element("caption", caption),) if caption else ()
    return element("div", element("table", *named, head, element("tbody", *body)), class_="wide")


def _shown(child: str) -> str:
    return child if isinstance(child, Markup) else _escaped(child)


def _escaped(text: str) -> str:
    return escape(printable(text, keep="\n\t"))
