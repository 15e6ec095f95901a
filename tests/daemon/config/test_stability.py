"""One number sets rates, shares and strengths together; what the file says itself stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from daemon.build.learner import build_learner
from daemon.cli import app
from daemon.config.changes import changes
from daemon.config.effective import origin

if TYPE_CHECKING:
    from pathlib import Path

    from daemon.config.schema import Config
    from tests.daemon.conftest import Load

REPLAY = "[{type: replay}, {type: ewc}, {type: mas, strength: 3}]"


def test_in_the_middle_nothing_differs_from_the_default(load_with: Load) -> None:
    for sections in ({}, {"strategies": REPLAY}, {"tasks": "{type: field}", "optimizer": "{type: sgd}"}):
        plain, dialled = load_with(**sections), load_with(**sections, retention="{stability: 0.5}")
        told = {change.key: (change.before, change.after) for change in changes(plain, dialled)}
        batches = {key: values for key, values in told.items() if key.endswith(".batch")}
        # How many rows are rehearsed is written out; it is as many as a micro-batch has anyway.
        assert set(batches.values()) <= {(None, 32)}
        assert told.keys() - batches.keys() == {"retention.stability"}


@pytest.mark.parametrize(("stability", "factor"), [(0.0, 0.25), (1.0, 4.0), (0.75, 2.0)])
def test_all_goes_one_way_together(load_with: Load, stability: float, factor: float) -> None:
    config = load_with(strategies=REPLAY, retention=f"{{stability: {stability}}}", learner="{batch: 16}")
    replay, ewc, mas = config.strategies
    assert config.optimizer.lr == pytest.approx(0.001 / factor)  # type: ignore[attr-defined]
    assert replay.batch == 16 * factor  # type: ignore[attr-defined]
    assert ewc.strength == pytest.approx(10 * factor)  # type: ignore[attr-defined]
    assert mas.strength == 3  # type: ignore[attr-defined]


def test_the_default_list_is_set_as_a_whole(load_with: Load) -> None:
    config = load_with(tasks="{type: field}", retention="{stability: 1}")
    derpp, l2sp = config.strategies
    assert (derpp.alpha, derpp.beta) == pytest.approx((0.8, 2.0))  # type: ignore[attr-defined]
    assert l2sp.strength == pytest.approx(0.8)  # type: ignore[attr-defined]
    assert origin(config, ("strategies", 0, "alpha")) == "set by retention.stability"
    assert origin(config, ("optimizer", "lr")) == "set by retention.stability"
    assert config.dialled["strategies", 0, "alpha"] == pytest.approx(0.8)


@given(st.floats(0, 1), st.sampled_from(["sgd", "adam"]))
def test_any_place_of_the_dial_can_be_built(load_with: Load, stability: float, kind: str) -> None:
    config = built(load_with(retention=f"{{stability: {stability!r}}}", optimizer=f"{{type: {kind}}}"))
    assert config.optimizer.lr > 0  # type: ignore[attr-defined]


def built(config: Config) -> Config:
    build_learner(config, features=2)
    return config


def test_a_reload_may_turn_it(load_with: Load) -> None:
    before, after = (load_with(retention=f"{{stability: {place}}}") for place in (0.2, 0.9))
    assert all(change.live for change in changes(before, after))


@pytest.mark.parametrize("wrong", ["1.5", "-1", "true", "much", "[1]"])
def test_what_is_no_place_of_the_dial_is_refused(load_with: Load, wrong: str) -> None:
    with pytest.raises(Exception, match=r"retention\.stability"):
        load_with(retention=f"{{stability: {wrong}}}")


def test_validate_and_config_say_what_it_sets(tmp_path: Path) -> None:
    file = tmp_path / "plant.yaml"
    file.write_text(
        "source: {type: plant}\ndecoder: {type: json, label: fault, task: regime}\ntasks: {type: field}\n"
        f"retention: {{stability: 0.75}}\ncheckpoint: {{directory: {tmp_path}/state}}\n"
    )
    said = CliRunner().invoke(app, ["validate", str(file)]).output
    assert "retention.stability sets optimizer.lr: 0.0005" in said
    assert "retention.stability sets strategies[0].alpha: 0.4" in said
    shown = CliRunner().invoke(app, ["config", "show", "--origins", str(file)]).output
    assert "lr: 0.0005  # set by retention.stability" in shown
