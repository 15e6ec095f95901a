"""The page of a benchmark in a real browser, offline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.literature.results import Results
from benchmarks.report.bench_report import bench_report
from tests.benchmarks.report.results_file import results_file
from tests.browser.chromium import MISSING, Chromium, chromium_is_there
from tests.browser.offline_page import assert_quiet, fits, open_offline, pictures

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(not chromium_is_there(), reason=MISSING)


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with Chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("benchmark")
    html = bench_report(Results(results_file(folder / "results.json")).all(), made="Written by a test.")
    (folder / "page.html").write_text(html)
    return folder / "page.html"


@pytest.fixture
def page(browser: Chromium, file: Path) -> Path:
    open_offline(browser, file)
    return file


def test_it_loads_nothing_runs_nothing_and_has_no_errors(browser: Chromium, page: Path) -> None:
    assert_quiet(browser, page)


@pytest.mark.usefixtures("page")
def test_every_picture_is_drawn_and_says_what_it_shows(browser: Chromium) -> None:
    images, drawings = pictures(browser)
    assert (len(images), len(drawings)) == (2, 1)
    assert all(width > 300 and says > 10 for width, says in images + drawings)


@pytest.mark.usefixtures("page")
@pytest.mark.parametrize("width", [1100, 360])
def test_nothing_is_wider_than_the_window(browser: Chromium, width: int) -> None:
    assert fits(browser, width=width)


@pytest.mark.usefixtures("page")
def test_sources_and_notes_are_aligned_as_text(browser: Chromium) -> None:
    look = "return getComputedStyle(document.querySelector('.cited td:last-child')).textAlign"
    assert browser.run(look) == "left"
