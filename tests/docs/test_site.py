"""The site builds without a warning, holds every page, and needs no other host."""

from __future__ import annotations

import functools
import http.server
import threading
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.browser.chromium import MISSING, Chromium, chromium_is_there
from tests.docs.fences import DOCS, ROOT
from tests.docs.site import Page, broken, build, copy_sources, foreign

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copy_sources(tmp_path_factory.mktemp("docs"))
    done = build(folder)
    assert done.returncode == 0, done.stdout
    return folder / "build" / "site"


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    """Every page but that of errors, whose addresses are those of the host that serves it."""
    return {path: Page(path) for path in sorted(site.resolve().rglob("*.html")) if path.name != "404.html"}


def _named(nav: Any) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    for entry in nav.values() if isinstance(nav, dict) else nav if isinstance(nav, list) else ():
        yield from _named(entry)


def test_every_page_is_in_the_navigation_once() -> None:
    nav = list(_named(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]))
    assert sorted(nav) == sorted(str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md"))


def test_every_link_leads_to_a_page_a_picture_or_an_anchor_of_the_site(pages: dict[Path, Page]) -> None:
    assert len(pages) > 40
    assert {str(path): found for path, page in pages.items() if (found := broken(pages, page))} == {}


def test_nothing_is_loaded_from_another_host(pages: dict[Path, Page]) -> None:
    assert {str(path): found for path, page in pages.items() if (found := foreign(page))} == {}


def test_links_that_lead_nowhere_fail_the_build(tmp_path: Path) -> None:
    folder = copy_sources(tmp_path / "docs")
    page = folder / "docs" / "demo.md"
    page.write_text(f"{page.read_text()}\n[a](gone.md) [b](metrics.md#gone) [c](#gone) [d](../README.md)\n")
    done = build(folder)
    assert done.returncode != 0
    assert done.stdout.count("demo.md:") == 4, done.stdout


def test_a_text_that_is_shown_from_the_readme_must_be_there(tmp_path: Path) -> None:
    folder = copy_sources(tmp_path / "docs")
    (folder / "README.md").write_text("# retaind\n")
    assert build(folder).returncode != 0


def test_the_guarantees_are_those_of_the_readme(site: Path) -> None:
    promises = [line for line in (ROOT / "README.md").read_text().splitlines() if "`tests/" in line]
    shown = (site / "guarantees.html").read_text()
    assert len(promises) >= 10
    assert shown.split('id="all-of-it-at-once"')[0].count("<tr>") == len(promises) + 1


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    """Where the site is served."""
    handler = functools.partial(_Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.skipif(not chromium_is_there(), reason=MISSING)
def test_a_browser_that_reads_it_asks_no_other_host(address: str) -> None:
    with Chromium() as browser:
        browser.open(f"{address}/index.html")
        browser.until("return document.readyState === 'complete'")
        assert "learns from a stream" in browser.text("article")
        browser.open(f"{address}/configuration.html")
        browser.until("return document.querySelector('#source-kafka') !== null")
        asked = [url for url in browser.requested() if url.startswith("http")]
        assert asked
        assert [url for url in asked if not url.startswith(address)] == []
        assert browser.console() == []
