"""What a release hands out: built from the sources, installed where nothing else is, run from another folder."""

from __future__ import annotations

import os
import subprocess
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from tests.packaging.clean_environment import ROOT, CleanEnvironment, MissingError, build, install

if TYPE_CHECKING:
    from email.message import Message

PACKAGES = ("retaind", "daemon", "connectors", "strategies")
NEEDED_BESIDE_CODE = {
    "connectors/py.typed",
    "daemon/config/starter.yaml",
    "daemon/demo/plant.yaml",
    "daemon/web/page/static/index.html",
    "daemon/web/page/static/main.js",
    "daemon/web/page/static/style.css",
    "daemon/web/page/static/icon.svg",
    "daemon/py.typed",
    "strategies/py.typed",
    "retaind/py.typed",
}


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The source distribution and the wheel."""
    try:
        return build(tmp_path_factory.mktemp("dist"))
    except MissingError as missing:
        _give_up(missing)


@pytest.fixture(scope="module")
def clean(distributions: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> CleanEnvironment:
    """An environment with nothing but the wheel and what it requires."""
    try:
        return install(distributions[1], tmp_path_factory.mktemp("clean"))
    except MissingError as missing:
        _give_up(missing)


@pytest.fixture(scope="module")
def in_sdist(distributions: tuple[Path, Path]) -> set[str]:
    """The files of the source distribution, without the folder that holds all."""
    with tarfile.open(distributions[0]) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


@pytest.fixture(scope="module")
def in_wheel(distributions: tuple[Path, Path]) -> set[str]:
    with zipfile.ZipFile(distributions[1]) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def metadata(distributions: tuple[Path, Path], in_wheel: set[str]) -> Message:
    (name,) = (name for name in in_wheel if name.endswith(".dist-info/METADATA"))
    with zipfile.ZipFile(distributions[1]) as archive:
        return message_from_bytes(archive.read(name))


def test_the_wheel_holds_the_three_packages_whole_and_nothing_else(in_wheel: set[str], in_sdist: set[str]) -> None:
    code = {name for name in in_wheel if ".dist-info/" not in name}
    assert code == {name for name in in_sdist if name.startswith(tuple(f"{package}/" for package in PACKAGES))}
    assert code >= NEEDED_BESIDE_CODE


def test_the_source_distribution_holds_every_committed_file_of_code_and_the_tests(in_sdist: set[str]) -> None:
    listed = subprocess.run(
        ["git", "ls-files", *PACKAGES, "benchmarks", "tests", "deploy", "examples"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip(f"only a git work tree says what is committed: {listed.stderr.strip()}")
    committed = {name for name in listed.stdout.splitlines() if (ROOT / name).exists()}
    assert committed - in_sdist == set()
    assert {"Makefile", "requirements.lock", "LICENSE"} <= in_sdist
    assert [name for name in in_sdist if name.startswith(("runs", "data", ".venv", "retaind-demo"))] == []


def test_the_metadata_say_what_it_is_under_which_licence(metadata: Message, in_wheel: set[str]) -> None:
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata.get_all("License-File") == ["LICENSE"]
    assert [name for name in in_wheel if name.endswith(".dist-info/licenses/LICENSE")]
    assert metadata["Requires-Python"] == ">=3.11"
    # A classifier of the licence beside the expression is refused by package indexes (PEP 639).
    assert [each for each in metadata.get_all("Classifier", []) if each.startswith("License")] == []
    assert metadata.get_all("Project-URL") is None, "a URL belongs here once it leads somewhere"
    assert metadata["Description-Content-Type"] == "text/markdown"


def test_it_runs_from_another_folder_with_nothing_of_the_work_tree(clean: CleanEnvironment) -> None:
    code = f"from importlib.util import find_spec\nfor name in {PACKAGES}: print(find_spec(name).origin)"
    origins = clean.run("python", "-c", code).stdout.splitlines()
    assert [Path(origin).is_relative_to(clean.bin.parent) for origin in origins] == [True] * len(PACKAGES)
    version = clean.run("retaind", "--version")
    assert (version.returncode, version.stdout) == (0, f"retaind {_version()}\n")


def test_without_a_checkout_bench_says_where_the_benchmarks_are(clean: CleanEnvironment) -> None:
    done = clean.run("retaind", "bench", "pmnist")
    assert (done.returncode, done.stdout) == (64, "")
    assert "`python -m benchmarks pmnist`" in done.stderr


def test_a_file_to_start_from_is_written_and_valid(clean: CleanEnvironment) -> None:
    assert clean.run("retaind", "init").returncode == 0
    checked = clean.run("retaind", "validate", "--strict", "retaind.yaml")
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "retaind.yaml: valid\n", "")


def test_the_demo_learns_and_shows_both_learners(clean: CleanEnvironment) -> None:
    shown = clean.run("retaind", "demo", "--exit", "--events", "2000")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "After 2,000 events the naive learner is right on" in shown.stdout
    assert (clean.folder / "retaind-demo" / "retention.png").read_bytes().startswith(b"\x89PNG")


def _version() -> str:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    (found,) = (line.split('"')[1] for line in lines if line.startswith("version = "))
    return found


def _give_up(missing: MissingError) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(str(missing))
    pytest.skip(str(missing))
