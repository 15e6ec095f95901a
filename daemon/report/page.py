"""The page itself: one file that loads nothing and runs nothing."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from daemon.process.version import retaind_version
from daemon.report.markup import Markup, element, together
from daemon.report.wording import moment

if TYPE_CHECKING:
    from collections.abc import Sequence

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

_STYLES = (
    ("daemon.web.page", "static/colours.css"),
    ("daemon.web.page", "static/charts.css"),
    ("daemon.report", "report.css"),
)
"""The daemon's own page and a report draw the same things in the same look."""


def page(
    title: str, *, subtitle: str, sections: Sequence[tuple[str, Sequence[Markup]]], made: str, style: str = ""
) -> str:
    """Return the HTML. A section is a heading and what stands below it; ``made`` says by what and when.

    ``style`` is CSS that the sections need beside that of every report.
    """
    styles = [files(package).joinpath(name).read_text(encoding="utf-8") for package, name in _STYLES]
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", **{"http-equiv": "Content-Security-Policy", "content": _POLICY}),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", Markup("\n".join([*styles, style]))),
    )
    body = element(
        "body",
        element("header", element("h1", title), element("p", subtitle)),
        element(
            "main", *(element("section", element("h2", heading), together(parts)) for heading, parts in sections)
        ),
        element("footer", element("p", made)),
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def made_by(seconds: float) -> str:
    """Return by what a page is written, and when; ``seconds`` is Unix time."""
    return f"Written by retaind {retaind_version()} on {moment(seconds)}."
