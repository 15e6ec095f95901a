"""docs/tutorial.md: every command is run, and what the page shows is what is printed."""

from __future__ import annotations

import re
import subprocess
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.docs.fences import DOCS, ROOT, Fence, fences
from tests.docs.reader import Reader, checkout, missing
from tests.kafka.broker import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kafka.broker import Broker

PAGE = DOCS / "tutorial.md"
INSTALL = "make venv\n. .venv/bin/activate\n"
BROKER = "make broker\n"
DEADLINE_SECONDS = 900.0


def _chapters() -> tuple[list[Fence], list[Fence]]:
    """What is done and shown without Kafka, and with it."""
    blocks = fences(PAGE)
    first = next(n for n, block in enumerate(blocks) if block.text == BROKER)
    return blocks[:first], blocks[first + 1 :]


def _done(blocks: list[Fence]) -> list[Fence]:
    return [block for block in blocks if block.language != "text"]


def _not_shown(blocks: list[Fence], printed: dict[int, str]) -> dict[str, list[str]]:
    """What the page shows and its commands did not print, by block."""
    results = {
        str(shown): missing(shown.text, printed[typed.line])
        for typed, shown in pairwise(blocks)
        if shown.language == "text"
    }
    return {block: lines for block, lines in results.items() if lines}


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """Who has come as far as one gets without Kafka."""
    home = tmp_path_factory.mktemp("home")
    reader = Reader(home, replaced={"localhost:9464": f"localhost:{(port := free_port())}", **_port(port)})
    install, *rest = _done(_chapters()[0])
    assert install.text.startswith(INSTALL)
    dry = Fence(install.page, install.line, "sh", None, f"export MAKEFLAGS=n\n{install.text}unset MAKEFLAGS\n")
    reader.follow([dry, *rest], folder=checkout(home / "checkout"), deadline_seconds=DEADLINE_SECONDS)
    return reader


def _port(port: int) -> dict[str, str]:
    return {"\ncheckpoint: {": f"\nhttp: {{port: {port}}}\ncheckpoint: {{"}


def test_the_first_hour_goes_as_the_page_says(reader: Reader) -> None:
    assert _not_shown(_chapters()[0], reader.printed) == {}


def test_the_model_remembers_the_season_that_the_naive_companion_has_forgotten(reader: Reader) -> None:
    printed = "".join(reader.printed.values())
    shown = re.findall(r'^retaind_retention_score{(.*)task="winter"} (\S+)$', printed, re.MULTILINE)
    winter = {learner: float(score) for learner, score in shown}
    assert winter[""] > 0.9
    assert winter[""] > winter['learner="naive",'] + 0.1


def test_so_does_the_part_with_kafka(reader: Reader, own_broker: Broker, tmp_path: Path) -> None:
    port = free_port()
    with_kafka = Reader(
        tmp_path,
        replaced={
            "localhost:9092": own_broker.bootstrap,
            "localhost:9464": f"localhost:{port}",
            **_port(port),
        },
    )
    blocks = _chapters()[1]
    activate = Fence(PAGE, 0, "sh", None, f". {reader.home / 'checkout'}/.venv/bin/activate\n")
    with_kafka.follow([activate, *_done(blocks)], folder=reader.home / "pump", deadline_seconds=DEADLINE_SECONDS)
    assert _not_shown(blocks, with_kafka.printed) == {}


def test_make_broker_runs_the_broker_of_the_tests() -> None:
    told = subprocess.run(["make", "--dry-run", "broker"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "python -m tests.kafka" in told.stdout
