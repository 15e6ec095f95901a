"""The site as it is built: what each page links to and loads."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from tests.docs.fences import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SOURCES = ("docs", "README.md", "mkdocs.yml")
LINKS = {"a": "href", "area": "href"}
LOADED = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src", "video": "src"}


def copy_sources(folder: Path) -> Path:
    """Copy what the site is made of: it is built elsewhere, so that tests don't meet."""
    folder.mkdir(exist_ok=True)
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    return folder


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    """Build the site of a folder as `make docs` does; it is in `build/site`."""
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    done.stdout = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
    return done


class Page(HTMLParser):
    """One built page: its anchors, its links, and what a browser loads to show it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attrs if value}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if address := given.get(LINKS.get(tag, "")):
            self.links.append(address)
        if (address := given.get(LOADED.get(tag, ""))) and given.get("rel") not in ("canonical", "next", "prev"):
            self.loaded.append(address)


def broken(pages: dict[Path, Page], page: Page) -> list[str]:
    """The addresses on a page that lead to no file or no anchor of the site."""
    local = [address for address in (*page.links, *page.loaded) if not _elsewhere(address)]
    return [address for address in local if not _leads_somewhere(pages, page, address)]


def foreign(page: Page) -> list[str]:
    """What a page loads from other hosts."""
    return [address for address in page.loaded if _elsewhere(address)]


def _elsewhere(address: str) -> bool:
    parts = urlsplit(address)
    return bool(parts.scheme or parts.netloc)


def _leads_somewhere(pages: dict[Path, Page], page: Page, address: str) -> bool:
    parts = urlsplit(address)
    target = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
    if target.is_dir():
        target /= "index.html"
    if not target.is_file():
        return False
    return not parts.fragment or target not in pages or unquote(parts.fragment) in pages[target].anchors
