from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from daemon.config.changes import changes
from daemon.config.json_schema import json_schema
from daemon.config.tables import Tables
from tests.daemon.lives import SMALL, small_config

if TYPE_CHECKING:
    from daemon.config.schema import Config

KAFKA = {"type": "kafka", "bootstrap_servers": "broker:9092", "topics": ["plant"]}


def told(before: Config, after: Config) -> dict[str, bool]:
    """Each changed key, and whether it may change live."""
    return {change.key: change.live for change in changes(before, after)}


def test_the_same_file_read_twice_has_no_changes(tmp_path: Path) -> None:
    assert changes(small_config(tmp_path), small_config(tmp_path)) == []


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        ({"optimizer": {"type": "adam", "lr": 0.5}}, {"optimizer.lr": True}),
        ({"optimizer": {"type": "adam", "schedule": {"warm_up": 9}}}, {"optimizer.schedule.warm_up": True}),
        ({"optimizer": {"type": "sgd"}}, {"optimizer": False}),
        ({"strategies": [{"type": "replay", "rows": 31}, SMALL["strategies"][1]]}, {"strategies[0].rows": False}),
        ({"strategies": SMALL["strategies"][:1]}, {"strategies": False}),
        ({"strategies": SMALL["strategies"][::-1]}, {"strategies": False}),
        ({"companions": {"naive": {"every_blocks": 5}}}, {"companions.naive.every_blocks": True}),
        ({"companions": {"challenger": {"strategies": []}}}, {"companions.challenger": True}),
        ({"learner": {"batch": 16, "threads": 2}}, {"learner.batch": True, "learner.threads": False}),
        ({"source": KAFKA}, {"source": False}),
        ({"log": {"level": "debug", "format": "json"}}, {"log.level": True, "log.format": False}),
        ({"http": {"port": 1}}, {"http.port": False}),
        ({"seed": 4}, {"seed": False}),
    ],
    ids=str,
)
def test_each_change_is_named_and_said_to_be_live_or_not(
    tmp_path: Path, sections: dict[str, Any], expected: dict[str, bool]
) -> None:
    assert told(small_config(tmp_path), small_config(tmp_path, **sections)) == expected


def test_a_key_of_a_strategy_is_named_by_its_place(tmp_path: Path) -> None:
    replay, ewc = SMALL["strategies"]
    after = small_config(tmp_path, strategies=[{**replay, "batch": 4}, {**ewc, "strength": 99.0}])
    assert told(small_config(tmp_path), after) == {"strategies[0].batch": True, "strategies[1].strength": True}


def test_a_change_shows_both_values_and_no_secret(tmp_path: Path) -> None:
    def with_password(password: str) -> Config:
        client = {"sasl_plain_username": "me", "sasl_plain_password": password}
        return small_config(tmp_path, source=KAFKA | {"client": client})

    (change,) = changes(with_password("hunter2"), with_password("hunter3"))
    assert "hunter" not in str(change)
    (change,) = changes(small_config(tmp_path), small_config(tmp_path, learner={"batch": 9}))
    assert (change.before, change.after) == (8, 9)


def test_the_page_on_operating_names_every_option_that_is_live() -> None:
    page = (Path(__file__).parents[3] / "docs" / "operating.md").read_text()
    section = page.partition("## Another configuration without a restart")[2].partition("\n## ")[0]
    shown = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"`([^`]+)`", section))))
    assert marked(json_schema(Tables.installed())) - shown == set()


def marked(schema: Any) -> set[str]:
    """The names of all options in a JSON Schema that are marked."""
    if isinstance(schema, list):
        return {name for each in schema for name in marked(each)}
    if not isinstance(schema, dict):
        return set()
    here = {name for name, option in schema.get("properties", {}).items() if option.get("x-live")}
    return here.union(*(marked(each) for each in schema.values()))
