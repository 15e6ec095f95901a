"""The fenced blocks of a Markdown page."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
FENCE = re.compile(r'^( *)```(\w*)(?: title="([^"]+)")?\n(.*?)^\1```$', re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Fence:
    """One block: its language, the name of the file that it shows if it has one, and its text."""

    page: Path
    line: int
    language: str
    title: str | None
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    """Every page that a reader of the repository or of the site is shown, in a fixed order."""
    return [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md")), ROOT / "benchmarks" / "README.md"]


def fences(page: Path) -> list[Fence]:
    text = page.read_text()
    found = [
        Fence(page, text.count("\n", 0, match.start()) + 1, match[2], match[3], textwrap.dedent(match[4]))
        for match in FENCE.finditer(text)
    ]
    assert len(found) * 2 == len(re.findall(r"^ *```", text, re.MULTILINE)), (
        f"{page}: a fence that is not understood"
    )
    return found


def every_fence() -> list[Fence]:
    return [fence for page in pages() for fence in fences(page)]
