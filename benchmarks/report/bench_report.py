"""The results of `retaind bench` as a page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import yaml

from benchmarks.literature import PROTOCOLS
from benchmarks.literature.markdown_table import figure
from benchmarks.literature.pictures import pictures
from benchmarks.report.prequential_chart import prequential_chart
from daemon.config.dump import dump
from daemon.plots.png import png
from daemon.report.markup import Markup, element, picture, table
from daemon.report.page import page

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.literature.outcome import Outcome


def bench_report(outcomes: Sequence[Outcome], *, made: str) -> str:
    """Return the page of a file's outcomes, one section a protocol; those of unknown protocols are left out."""
    names = dict.fromkeys((one.protocol, one.validate_only) for one in outcomes if one.protocol in PROTOCOLS)
    sections: list[tuple[str, Sequence[Markup]]] = []
    for name, validated in names:
        of = [one for one in outcomes if (one.protocol, one.validate_only) == (name, validated)]
        sections.append((f"{name}, on held-back training data" if validated else name, list(_parts(name, of))))
    sections.append(("What it ran on", [_versions(outcomes)]))
    runs = f"{len(outcomes)} runs of {', '.join(dict.fromkeys(name for name, _ in names))}"
    return page(
        "retaind: benchmark", subtitle=f"{runs}, with the daemon's own pipeline.", sections=sections, made=made
    )


def _parts(name: str, outcomes: Sequence[Outcome]) -> Iterator[Markup]:
    protocol = PROTOCOLS[name]
    by_setting = {
        setting: runs
        for setting in protocol.settings
        if (runs := [one for one in outcomes if one.setting == setting])
    }
    examined = protocol.validated_on if outcomes[0].validate_only else protocol.examined_on
    yield element("p", f"{protocol.summary} {examined} Mean ± standard deviation over seeds.")
    rows = []
    for setting, runs in by_setting.items():
        published = protocol.settings[setting].published
        figures = [figure(column, [one.figures.get(column) for one in runs]) for column in protocol.columns]
        source = "" if published is None else f"{published.figure} ({published.source})"
        rows.append([setting, str(len(runs)), *figures, source, protocol.settings[setting].note])
    headings = ["setting", "seeds", *protocol.columns.values(), "published", "note"]
    yield element("div", table(headings, rows), class_="cited")
    for says, drawn in pictures(protocol, by_setting).items():
        yield picture(png(drawn), says=f"{name}: {says}")
    course = prequential_chart(by_setting)
    if course is not None:
        yield course
    for setting, runs in by_setting.items():
        shown = yaml.safe_dump(
            json.loads(json.dumps(dump(runs[0].configuration))), sort_keys=False, allow_unicode=True
        )
        yield element("details", element("summary", f"Configuration of {setting}"), element("pre", shown))


def _versions(outcomes: Sequence[Outcome]) -> Markup:
    found = list(dict.fromkeys(", ".join(f"{name} {of}" for name, of in one.versions.items()) for one in outcomes))
    return element("div", *(element("p", each) for each in found))
