"""docs/configuration.md is the page of all options, and nothing is missing from it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from daemon.config.components import options_model
from daemon.config.option_page import option_page
from daemon.config.schema import Config

if TYPE_CHECKING:
    from daemon.config.tables import Tables

COMMITTED = Path(__file__).parents[3] / "docs" / "configuration.md"
KEYS = {"adapter": "adapters", "strategy": "strategies"}


@pytest.fixture(scope="module")
def page(tables: Tables) -> str:
    return option_page(tables)


def chapter(page: str, heading: str) -> list[list[str]]:
    """The cells of the table below a heading."""
    text = page.partition(f"\n{heading}\n")[2].partition("\n#")[0]
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in row] for row in rows]


def row(page: str, heading: str, key: str) -> list[str]:
    return next(cells for cells in chapter(page, heading) if cells[0] == f"`{key}`")


def test_the_committed_page_is_that_of_the_code(page: str) -> None:
    assert COMMITTED.read_text() == page, "run: retaind schema --markdown > docs/configuration.md"


def test_every_option_of_every_component_and_section_has_a_row(page: str, tables: Tables) -> None:
    for table in tables.names():
        for name, factory in getattr(tables, table).items():
            keys = [cells[0] for cells in chapter(page, f"### {KEYS.get(table, table)}: {name}")]
            named = [f"`{field.alias or key}`" for key, field in options_model(factory).model_fields.items()]
            assert [key for key in keys if not re.search(r"[.\[]", key)] == [
                key for key in named if key != "`type`"
            ]
    assert [cells[0] for cells in chapter(page, "## The file")] == [f"`{name}`" for name in Config.model_fields]


def test_every_option_says_what_it_may_be_and_what_it_means(page: str) -> None:
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in page.splitlines() if line.startswith("| `")]
    assert len(rows) > 200
    assert [cells[0] for cells in rows if len(cells) != 4 or not cells[1].strip() or not cells[3].strip()] == []


@pytest.mark.parametrize(
    ("heading", "key", "value", "default"),
    [
        ("## The file", "source", "[source](#source)", "required"),
        ("## The file", "strategies", "list of [strategies](#strategies) or `default`", "`default`"),
        ("## The file", "learner", "[learner](#learner)", ""),
        ("## learner", "learner.batch", "integer from 1 to 65,536", "`32`"),
        ("## learner", "learner.linger_seconds", "number above 0", "`null`"),
        ("## retention", "retention.probe_share", "number from 0, below 1", "`0.02`"),
        ("## features", "features.lags[].steps", "list of integer from 1 to 1,000", "`[1]`"),
        ("## companions", "companions.naive", "mapping or null", ""),
        ("### decoder: csv", "delimiter", "one character", "`,`"),
        ("### optimizer: adam", "schedule.restart", "`never`, `boundary`", "`never`"),
        ("### optimizer: adam", "betas", "list of 2 numbers from 0, below 1", "`[0.9, 0.999]`"),
        ("### strategies: ewc", "every_events", "integer from 1 or null", "`50000`"),
    ],
    ids=lambda value: re.sub(r"\W+", "-", str(value)).strip("-"),
)
def test_type_range_and_default_are_told(page: str, heading: str, key: str, value: str, default: str) -> None:
    assert row(page, heading, key)[1:3] == [value, default]


@pytest.mark.parametrize(
    ("heading", "key", "live"),
    [
        ("## learner", "learner.batch", True),
        ("## learner", "learner.threads", False),
        ("## companions", "companions.challenger.strategies", True),
        ("### optimizer: adam", "schedule.warm_up", True),
        ("### source: kafka", "topics", False),
    ],
)
def test_it_tells_what_a_reload_takes_up(page: str, heading: str, key: str, *, live: bool) -> None:
    assert row(page, heading, key)[3].endswith(" *Live.*") == live
