"""A page of one file, opened from a disk by someone who has no network."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.chromium import Chromium


def open_offline(browser: Chromium, page: Path) -> None:
    """Open the page in a wide, light window, and forget what was requested and said before."""
    browser.screen(width=1100)
    browser.scheme("light")
    browser.devtools("Network.enable")
    browser.console()
    browser.requested()
    browser.open(page.as_uri())


def assert_quiet(browser: Chromium, page: Path) -> None:
    """The page that was just opened has loaded nothing, run nothing and reported no error."""
    assert [url for url in browser.requested() if not url.startswith("data:")] == [page.as_uri()]
    assert browser.console() == []
    assert browser.run("return document.querySelectorAll('script, link, iframe, [onerror]').length") == 0


def pictures(browser: Chromium) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The images and the drawings of the page: of each its width, and the length of what it says it shows."""
    images = browser.run("return [...document.images].map((i) => [i.naturalWidth, i.alt.length])")
    drawings = browser.run(
        "return [...document.querySelectorAll('svg')].map((s) => [s.clientWidth, s.ariaLabel.length])"
    )
    return images, drawings


def fits(browser: Chromium, *, width: int) -> bool:
    """Whether nothing is wider than a window of this width."""
    browser.screen(width=width, phone=width < 500)
    return bool(browser.run("return document.documentElement.scrollWidth <= innerWidth"))
