"""docs/adding-a-*.md, followed as a contributor does: what they add passes its contract suite."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.docs.fences import DOCS, ROOT, fences

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docs.fences import Fence

NEEDED = ("connectors", "daemon", "retaind", "strategies", "tests", "docs", "pyproject.toml")
DEADLINE_SECONDS = 600.0
REST = """
checkpoint: {directory: state}
"""


@dataclass(frozen=True)
class Page:
    """A page that adds something, and what else a configuration with it needs."""

    name: str
    adds: str
    rest: str


PAGES = [
    Page(
        "adding-a-strategy.md",
        "### strategies: centroid",
        "source: {type: plant}\ndecoder: {type: json, label: fault}",
    ),
    Page("adding-a-connector.md", "### source: sqlite", ""),
]


def _insert(text: str, block: str) -> str:
    """Return a file with what a block adds: imports, definitions, entries of a table. There `...` are the others.

    >>> block = "import b\\n\\nT = {\\n    ...\\n    3: 4,\\n}\\n"
    >>> _insert("import a\\n\\nT = {\\n    1: 2,\\n}\\n", block).splitlines()
    ['import a', '', 'import b', '', 'T = {', '    3: 4,', '    1: 2,', '}']
    """
    before, entries = block.split("    ...\n")
    added, head = before.rstrip("\n").rsplit("\n", 1)
    assert f"\n{head}\n" in text, f"the file has no line: {head}"
    own = entries.removesuffix("}\n")
    return text.replace(f"\n{head}\n", f"\n{added}\n{head}\n{own}")


def _run(folder: Path, *command: str) -> str:
    """Run one of the page's commands in this folder with the Python of the tests; return what it prints."""
    environ = {**os.environ, "PYTHONPATH": str(folder), "PYTEST_ADDOPTS": "-p no:cacheprovider"}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=environ, timeout=DEADLINE_SECONDS,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(params=PAGES, ids=lambda page: page.adds.split()[-1])
def page(request: pytest.FixtureRequest) -> Page:
    page: Page = request.param
    return page


@pytest.fixture
def folder(page: Page, tmp_path: Path) -> Path:
    """A copy of the repository in which a contributor has done what the page says."""
    for name in NEEDED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    for block in _blocks(page, "python"):
        path = tmp_path / str(block.title)
        path.write_text(_insert(path.read_text(), block.text) if path.exists() else block.text)
    return tmp_path


def _blocks(page: Page, language: str) -> list[Fence]:
    return [fence for fence in fences(DOCS / page.name) if fence.language == language]


def test_what_the_page_adds_passes_its_own_commands_and_can_be_configured(page: Page, folder: Path) -> None:
    new = [str(block.title) for block in _blocks(page, "python") if not (ROOT / str(block.title)).exists()]
    _run(folder, "ruff", "check", "--no-cache", *new)
    _run(folder, "ruff", "format", "--no-cache", "--check", *new)

    [commands] = _blocks(page, "sh")
    suite, write, _ = commands.text.splitlines()
    assert " passed" in _run(folder, *suite.split())
    assert write == "retaind schema --markdown > docs/configuration.md"
    assert page.adds in _run(folder, "daemon.cli", "schema", "--markdown").splitlines()

    [configuration] = _blocks(page, "yaml")
    (folder / "own.yaml").write_text(f"{configuration.text}{page.rest}{REST}")
    assert _run(folder, "daemon.cli", "validate", "own.yaml") == "own.yaml: valid\n"
