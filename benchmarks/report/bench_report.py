"""The results of benchmarks as a page."""

from __future__ import annotations

import json
from base64 import b64encode
from importlib.resources import files
from typing import TYPE_CHECKING

import yaml

from benchmarks.literature import PROTOCOLS
from benchmarks.report.markdown_table import cells, headings
from benchmarks.report.pictures import pictures
from benchmarks.report.prequential_chart import prequential_chart
from daemon.config.dump import dump
from daemon.plots.png import png
from daemon.report.markup import Markup, element, table
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
        "retaind: benchmark",
        subtitle=f"{runs}, with the daemon's own pipeline.",
        sections=sections,
        made=made,
        style=files("benchmarks.report").joinpath("benchmark.css").read_text(encoding="utf-8"),
    )


def _parts(name: str, outcomes: Sequence[Outcome]) -> Iterator[Markup]:
    protocol = PROTOCOLS[name]
    by_setting = {
        setting: runs
        for setting in protocol.settings
        if (runs := [one for one in outcomes if one.setting == setting])
    }
    evaluated = protocol.validated_on if outcomes[0].validate_only else protocol.evaluated_on
    yield element("p", f"{protocol.summary} {evaluated} Mean ± standard deviation over seeds.")
    rows = [cells(protocol, setting, runs) for setting, runs in by_setting.items()]
    yield element("div", table(headings(protocol), rows), class_="cited")
    for says, drawn in pictures(protocol, by_setting).items():
        yield _picture(png(drawn), says=f"{name}: {says}")
    course = prequential_chart(by_setting)
    if course is not None:
        yield course
    for setting, runs in by_setting.items():
        shown = yaml.safe_dump(
            json.loads(json.dumps(dump(runs[0].configuration))), sort_keys=False, allow_unicode=True
        )
        yield element("details", element("summary", f"Configuration of {setting}"), element("pre", shown))


def _picture(png: bytes, *, says: str) -> Markup:
    """Return a picture that is part of the page; ``says`` is for who cannot see it."""
    return element("img", src=f"data:image/png;base64,{b64encode(png).decode()}", alt=says)


def _versions(outcomes: Sequence[Outcome]) -> Markup:
    found = list(dict.fromkeys(", ".join(f"{name} {of}" for name, of in one.versions.items()) for one in outcomes))
    return element("div", *(element("p", each) for each in found))
