"""`label.weights: balanced`: rare classes are found more often, and a restart goes on to the same bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pytest

from daemon.config.advice.advice import advise
from daemon.config.errors import ConfigError
from daemon.service import Service
from tests.daemon.lives import small_config
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from pathlib import Path

    from tests.daemon.conftest import Load

EVENTS, RARE = 1_000, 0.06


def learned(directory: Path, *, weights: str, stop_at: int = EVENTS) -> Service:
    """Let a model alone learn a stream in which one class is rare, and lies across the other."""
    directory.mkdir(exist_ok=True)
    draw = np.random.default_rng(3)
    rare = draw.random(EVENTS) < RARE
    a = draw.normal(size=EVENTS) + 1.5 * rare
    lines = [
        orjson.dumps({"a": x, "b": z, "task": "P", "y": "rare" if is_rare else "usual"})
        for x, z, is_rare in zip(a.tolist(), draw.normal(size=EVENTS).tolist(), rare.tolist(), strict=True)
    ]
    (directory / "stream.jsonl").write_bytes(b"\n".join(lines))
    source = {"type": "file", "path": str(directory / "stream.jsonl")}
    label = {"type": "class", "max_classes": 3, "weights": weights}
    learning = {"strategies": [{"type": "replay", "rows": 60}], "optimizer": {"type": "adam", "lr": 0.01}}
    config = small_config(directory, source=source, label=label, http={"port": 0}, **learning)
    with Service(config) as service:
        service.run(stop=lambda: service.loop.pipeline.events >= stop_at)
    return service


def test_a_rare_class_is_found_more_often_and_all_classes_on_average(tmp_path: Path) -> None:
    recalls = {}
    for weights in ("equal", "balanced"):
        by_class = learned(tmp_path / weights, weights=weights).loop.pipeline.snapshot().by_class
        recalls[weights] = {name: of.recall or 0.0 for name, of in by_class.items()}
    assert recalls["balanced"]["rare"] > recalls["equal"]["rare"] + 0.1
    assert sum(recalls["balanced"].values()) > sum(recalls["equal"].values()) + 0.05


def test_what_was_counted_goes_on_after_a_restart(tmp_path: Path) -> None:
    whole = learned(tmp_path / "whole", weights="balanced")
    learned(tmp_path / "cut", weights="balanced", stop_at=600)
    cut = learned(tmp_path / "cut", weights="balanced")
    assert cut.loop.pipeline.events == whole.loop.pipeline.events
    states: list[Any] = [service.loop.pipeline.state_dict()["main_learner"] for service in (whole, cut)]
    assert_same_state(*(state["scored"]["learner"] for state in states))
    assert_same_state(*(state["by_class"] for state in states))


def test_where_it_would_not_be_heard_that_is_said(load_with: Load) -> None:
    weighted = "{type: class, weights: balanced}"
    remarks = [remark.path for remark in advise(load_with(label=weighted))]
    assert ("label", "weights") in remarks
    assert ("label", "weights") not in [
        remark.path for remark in advise(load_with(label=weighted, committee="null"))
    ]
    with pytest.raises(ConfigError, match=r"label.weights: a closed form counts every event alike"):
        load_with(label=weighted, model="{type: closed_form}")
