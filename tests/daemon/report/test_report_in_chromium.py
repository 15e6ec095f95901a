"""A report in a real browser, offline, of a real run with hostile names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from daemon.cli import app
from daemon.service import Service
from daemon.telemetry.history import flow
from tests.browser.chromium import MISSING, Chromium, chromium_is_there
from tests.browser.contrast import CONTRASTS, LEAST_CONTRAST
from tests.browser.offline_page import assert_quiet, fits, open_offline, pictures
from tests.daemon.event_stream import Stretch, json_lines
from tests.daemon.lives import SMALL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

from daemon.config.schema import Config

pytestmark = pytest.mark.skipif(not chromium_is_there(), reason=MISSING)

HOSTILE = "</pre><img src=x onerror=document.title='run'>$\\frac$ \u202e\U0001f600"
EVERYWHERE = {"every_blocks": 1, "every_examinations": 1}
FILE = """
name: plant
source: {type: kafka, topics: [plant], client: {sasl_plain_username: me, sasl_plain_password: hunter2}}
decoder: {type: json, label: "</pre><script>document.title='run'</script>"}
checkpoint: {directory: state}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with Chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run leaves behind that has learned three tasks, one of which returns."""
    directory = tmp_path_factory.mktemp("run")
    stretches = [Stretch(task, 120) for task in ("winter", "spring", HOSTILE, "winter", "spring")]
    stream = json_lines(stretches)
    (directory / "stream.jsonl").write_bytes(stream)
    changed = {
        "source": {"type": "file", "path": str(directory / "stream.jsonl")},
        "companions": {"naive": EVERYWHERE, "frozen": EVERYWHERE},
        "checkpoint": {"directory": str(directory / "state")},
        "http": {"port": 0},
    }
    with pytest.MonkeyPatch.context() as patched, Service(Config.model_validate(SMALL | changed)) as service:
        patched.setattr(flow, "EVERY_SECONDS", 1e-6)
        service.run(stop=lambda: False)
        (directory / "page.json").write_text(service._history.json())
    return directory / "state"


@pytest.fixture(scope="module")
def of_run(directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("report") / "retaind.yaml"
    file.write_text(FILE)
    output = file.parent / "report.html"
    command = ["report", str(directory), "--output", str(output), "--config", str(file)]
    result = CliRunner().invoke(app, command)
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{output}: written\n", "")
    return output


@pytest.fixture
def report(of_run: Path, browser: Chromium) -> Path:
    """As it is opened by someone who has no network."""
    open_offline(browser, of_run)
    return of_run


def test_it_loads_nothing_runs_nothing_and_has_no_errors(browser: Chromium, report: Path) -> None:
    assert_quiet(browser, report)
    assert browser.run("return document.title") != "run"


@pytest.mark.usefixtures("report")
def test_every_picture_is_drawn_and_says_what_it_shows(browser: Chromium) -> None:
    images, drawings = pictures(browser)
    assert (len(images), len(drawings)) == (0, 5)
    assert all(width > 300 and says > 10 for width, says in drawings)


def test_it_shows_what_the_page_shows(browser: Chromium, directory: Path, of_run: Path) -> None:
    page = json.loads((directory.parent / "page.json").read_text())
    browser.screen(width=1100)
    browser.open(of_run.as_uri())
    for place, learner in enumerate(("main", "naive", "frozen")):
        curve, rows = (page["learners"][learner][name] for name in ("curve", "boundaries"))
        assert len(curve["events"]) > 2 * len(rows["events"])
        lines = browser.run(
            "const chart = document.querySelectorAll('figure.curve')[arguments[0]];"
            "return [...chart.querySelectorAll('.line:not(.own)')]"
            ".map((line) => line.getAttribute('d').match(/[ML]/g).length)",
            place,
        )
        assert lines == [
            sum(row[task] is not None for row in curve["scores"]) for task in range(len(page["tasks"]))
        ]
        table = browser.run(
            "return [...document.querySelectorAll('.matrix')[arguments[0]].tBodies[0].rows]"
            ".map((row) => [...row.cells].slice(1).map((cell) => cell.innerText))",
            place,
        )
        for shown, scores in zip(table[:-1], rows["scores"], strict=True):
            assert shown == ["" if score is None else f"{100 * score:.0f}" for score in scores]
    notes = browser.text(".notes")
    for note in page["notes"]:
        if note["kind"] == "boundary" and HOSTILE not in note["text"]:
            assert note["text"] in notes
    assert "rows" in browser.text(".stack + .legend + .hint")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground_in_either_scheme(browser: Chromium, of_run: Path, scheme: str) -> None:
    browser.open(of_run.as_uri())
    browser.scheme(scheme)
    contrasts = browser.run(
        CONTRASTS, ".matrix td.low, .matrix td.high, .matrix th, td, th, p, .note *, figcaption *"
    )
    assert len(contrasts) > 50
    assert min(contrasts) >= LEAST_CONTRAST
    browser.scheme("light")


@pytest.mark.usefixtures("report")
@pytest.mark.parametrize("width", [1100, 360])
def test_nothing_is_wider_than_the_window(browser: Chromium, width: int) -> None:
    assert fits(browser, width=width)


@pytest.mark.usefixtures("report")
def test_it_is_dark_where_the_reader_wants_that(browser: Chromium) -> None:
    ground = "return getComputedStyle(document.body).backgroundColor"
    assert browser.run(ground) == "rgb(255, 255, 255)"
    browser.scheme("dark")
    assert browser.run(ground) == "rgb(22, 24, 27)"
    browser.devtools("Emulation.setEmulatedMedia", media="print")
    assert browser.run(ground) == "rgb(255, 255, 255)"
    browser.devtools("Emulation.setEmulatedMedia", media="")


def test_names_from_the_stream_are_text_and_secrets_are_not_there(browser: Chromium, of_run: Path) -> None:
    browser.open(of_run.as_uri())
    assert HOSTILE.split("$", maxsplit=1)[0] in browser.text("main")
    assert "\u202e" not in of_run.read_text()
    assert "<script>" not in of_run.read_text()
    assert "hunter2" not in of_run.read_text()
    assert "sasl_plain_password: '[redacted]'" in browser.text("pre")


def test_it_has_the_figures_of_all_learners_and_the_score_of_each_task(browser: Chromium, of_run: Path) -> None:
    browser.open(of_run.as_uri())
    heads = browser.run(
        "return [...document.querySelector('thead').querySelectorAll('th')].map((h) => h.innerText)"
    )
    assert heads == ["", "main", "naive", "frozen", "meaning"]
    rows = browser.run("return [...document.querySelectorAll('tbody th')].map((h) => h.innerText)")
    assert {"average score now", "forgetting", "prequential score", "winter", "spring"} <= {*rows}
    assert "600" in browser.text("header")
