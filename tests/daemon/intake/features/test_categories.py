"""Fields of categories: a column a value, from the decoder to the model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pytest
import torch

from connectors.memory_source import CRASH, END, MemorySource
from connectors.record import LocalRecord
from daemon.build.decoder import require_categories
from daemon.build.pipeline import build_intake, build_tasks
from daemon.config.errors import ConfigError
from tests.daemon.lives import Life, lived_through, small_config
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from daemon.config.schema import Config

WINDS = ("N", "E", "S", "W")


def config(directory: Path, categories: dict[str, Any], **sections: Any) -> Config:
    decoder = {"type": "json", "label": "y"} | sections.pop("decoder", {})
    features = {"categories": categories}
    return small_config(directory, decoder=decoder, features=features, tasks={"type": "none"}, **sections)


def taken(config: Config, events: Sequence[Any]) -> tuple[dict[str, list[float]], list[str]]:
    """The columns of the rows that events become, by name, and why others don't."""
    records = [
        LocalRecord("t", 0, n, -1, None, each if isinstance(each, bytes) else orjson.dumps(each), [])
        for n, each in enumerate(events)
    ]
    intake = build_intake(config, tasks=build_tasks(config))
    arrivals, rejects = intake.take(records)
    names = intake.feature_names or ()
    columns = [] if arrivals is None else arrivals.batch.x.T.tolist()
    return dict(zip(names, columns, strict=True)) if columns else {}, [f"{r.reason}: {r.message}" for r in rejects]


def flags(columns: dict[str, list[float]], field: str) -> list[str | None]:
    """Of each row, the one column of a field that is set."""
    own = {name: values for name, values in columns.items() if name.startswith(f"{field}_")}
    rows = len(next(iter(own.values())))
    return [
        next((name.removeprefix(f"{field}_") for name, values in own.items() if values[row] == 1), None)
        for row in range(rows)
    ]


def test_the_first_values_have_a_column_each_and_the_later_ones_share_one(tmp_path: Path) -> None:
    events = [{"a": n, "y": 0, "wind": wind} for n, wind in enumerate("NESNW")]
    columns, rejects = taken(config(tmp_path, {"wind": {"max": 2}}), events)
    assert not rejects
    assert list(columns) == ["a", "wind_category0", "wind_category1", "wind_other"]
    assert flags(columns, "wind") == ["category0", "category1", "other", "category0", "other"]
    assert all(sum(row) == 1 for row in zip(*list(columns.values())[1:], strict=True))


def test_numbers_booleans_and_nested_fields_can_be_categories_and_are_no_amounts(tmp_path: Path) -> None:
    events = [{"a": 1, "y": 0, "mode": {"n": 3}, "on": True}, {"a": 1, "y": 0, "mode": {"n": 7}, "on": False}]
    columns, _ = taken(config(tmp_path, {"mode.n": {"max": 4}, "on": {"max": 2}}), events)
    assert [name for name in columns if "_" not in name] == ["a"]
    assert flags(columns, "mode.n") == flags(columns, "on") == ["category0", "category1"]


@pytest.mark.parametrize(
    ("missing", "expected", "rejected"),
    [("reject", ["category0"], 3), ("none", ["category0", None, None, None], 0),
     ("category", ["category0", "missing", "missing", "missing"], 0)],
)  # fmt: skip
def test_what_is_missing_is_rejected_or_none_or_a_category_of_its_own(
    tmp_path: Path, missing: str, expected: list[Any], rejected: int
) -> None:
    events = [{"a": 1, "y": 0, "wind": "N"}, {"a": 1, "y": 0, "wind": None}, {"a": 1, "y": 0}]
    events.append({"a": 1, "y": 0, "wind": ""})
    columns, rejects = taken(config(tmp_path, {"wind": {"max": 2, "missing": missing}}), events)
    assert flags(columns, "wind") == expected
    assert rejects == ["missing_field: Category 'wind' is absent or null."] * rejected


def test_hashed_values_need_no_vocabulary(tmp_path: Path) -> None:
    events = [{"a": 1, "y": 0, "id": f"device-{n % 500}"} for n in range(1_000)]
    columns, _ = taken(config(tmp_path, {"id": {"hash": 16}}), events)
    assert len(columns) == 17
    found = flags(columns, "id")
    assert found[:500] == found[500:]
    assert len(set(found)) == 16


def test_an_event_may_have_nothing_but_categories(tmp_path: Path) -> None:
    columns, rejects = taken(config(tmp_path, {"wind": {"max": 2}}), [{"y": 0, "wind": wind} for wind in "NE"])
    assert not rejects
    assert list(columns) == ["wind_category0", "wind_category1", "wind_other"]


def test_a_list_is_no_category(tmp_path: Path) -> None:
    _, [why] = taken(config(tmp_path, {"wind": {}}), [{"a": 1, "y": 0, "wind": ["N"]}])
    assert why == "wrong_type: Category 'wind' is a list; expected text, a number or a boolean."


def test_the_text_of_csv_is_a_category(tmp_path: Path) -> None:
    decoder = {"type": "csv", "header": True}
    events = [b"a,wind,y", b"1,N,0", b"2,E,0", b'3,"N",0']
    columns, _ = taken(config(tmp_path, {"wind": {"max": 2}}, decoder=decoder), events)
    assert (columns["a"], flags(columns, "wind")) == ([1.0, 2.0, 3.0], ["category0", "category1", "category0"])


def test_long_values_are_told_apart_and_not_remembered_whole(tmp_path: Path) -> None:
    made = config(tmp_path, {"wind": {"max": 4}})
    intake = build_intake(made, tasks=build_tasks(made))
    values = [orjson.dumps({"a": 1, "y": 0, "wind": "x" * 9_000 + end}) for end in "ab"]
    intake.take([LocalRecord("t", 0, n, -1, None, value, []) for n, value in enumerate(values)])
    known = intake.state_dict()["categories"]["wind"]["known"]
    assert len(set(known)) == 2
    assert {len(each) for each in known} == {64}


@pytest.mark.parametrize(
    ("categories", "decoder", "named"),
    [
        ({"y": {}}, {}, "label"),
        ({"wind": {}}, {"features": ["a", "wind"]}, "decoder.features"),
        ({"wind": {}}, {"type": "raw", "dtype": "uint8", "shape": [2]}, "no named fields"),
    ],
)
def test_a_field_cannot_be_two_things(
    tmp_path: Path, categories: dict[str, Any], decoder: dict[str, Any], named: str
) -> None:
    made = config(tmp_path, categories, decoder=decoder)
    with pytest.raises(ConfigError, match=named):
        require_categories(made)


def stream(events: int) -> list[LocalRecord]:
    """Events whose class is that of their wind; winds that are rare, and later ones, among them."""
    chance = np.random.default_rng(5)
    made = []
    for n in range(events):
        wind = f"late-{n}" if n % 40 == 39 else WINDS[int(chance.integers(4))]
        label = WINDS.index(wind) % 2 if wind in WINDS else 2
        event = {"a": float(chance.normal()), "wind": wind, "y": label}
        made.append(LocalRecord("t", 0, n, -1, None, orjson.dumps(event), []))
    return made


def lived(directory: Path, items: list[Any], **sections: Any) -> Life:
    """A daemon that has learned a stream, dying where it crashes."""
    directory.mkdir()
    made = config(directory, {"wind": {"max": 4}, "a.b": {"hash": 4, "missing": "none"}}, **sections)
    source = MemorySource(items, poll_sizes=(7, 30))
    return lived_through(made, source, directory=directory)


def test_categories_are_learned_and_a_resumed_run_is_the_same_bit_for_bit(tmp_path: Path) -> None:
    sent = stream(560)
    whole = lived(tmp_path / "whole", [*sent, END], committee={})
    parts = lived(tmp_path / "parts", [*sent[:222], CRASH, *sent[222:], END], committee={})
    assert_same_state(whole.saved()["pipeline"], parts.saved()["pipeline"])
    predicted = [json.loads(line) for line in (tmp_path / "parts" / "predictions.jsonl").read_bytes().splitlines()]
    newest = predicted[-150:]
    assert sum(each["prediction"] == each["label"] for each in newest) > 0.9 * len(newest)
    assert parts.metric("feature_categories", field="wind") == 4
    assert parts.metric("feature_categories_unseen_total", field="wind") == 560 // 40
    assert parts.metric("feature_categories", field="a.b") is None


def test_flags_reach_the_model_as_they_are_however_rare_they_become(tmp_path: Path) -> None:
    life = lived(tmp_path / "whole", [*stream(560), END], strategies=[])
    main = life.loop.pipeline.main
    assert main is not None
    names = list(life.loop.pipeline.feature_names or ())
    row = np.zeros((1, len(names)), dtype=np.float32)
    row[0, names.index("wind_other")] = 1.0
    scaled = main.scored.learner.scale(torch.from_numpy(row))[0]
    assert scaled[[n for n, name in enumerate(names) if name != "a"]].tolist() == row[0, 1:].tolist()
