"""A closed form without the rows of a key is the one that never saw them, to 1e-6, and nothing else has moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from daemon.config.schema import Config
from daemon.rebuilding.downdating import why_not_downdated
from tests.daemon.erasure.planted import SUBJECT, config_of, planted, traces
from tests.daemon.lives import SMALL
from tests.daemon.rebuilding.test_relearning import Quiet, learned, newest, rebuilt, without_subject
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from pathlib import Path

NONE: dict[str, Any] = {"naive": None, "frozen": None}
SUMS: dict[str, Any] = {
    "model": {"type": "closed_form", "features": 20, "solve_every": 4},
    "learner": {"batch": 8, "standardise": False},
    "strategies": [],
    "companions": NONE,
    "decoder": SMALL["decoder"] | {"features": ["a", "b", "c"], "missing": "reject"},
    "tasks": {"type": "none"},
}
NUMBER = {"label": {"type": "number", "standardise": False}}


def sections_of(*, numbers: bool) -> dict[str, Any]:
    return SUMS | (NUMBER if numbers else {"label": {"classes": ["class 0", "class 1", "class 2"]}})


def learner_in(state: dict[str, Any]) -> dict[str, Any]:
    learner: dict[str, Any] = state["pipeline"]["main_learner"]["scored"]["learner"]
    return learner


@pytest.mark.parametrize("numbers", [False, True], ids=["classes", "numbers"])
def test_its_sums_and_weights_are_those_of_one_that_never_saw_the_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, numbers: bool
) -> None:
    sections, events = sections_of(numbers=numbers), planted(numbers=numbers)[:191]  # one of the key's rows waits
    config = config_of(tmp_path / "with", sections, numbers=numbers)
    before = learned(config, events, monkeypatch)
    shown = Quiet()
    told = rebuilt(config, events, monkeypatch, shown=shown, even_if_behind=False)
    assert told.is_level
    assert any("rows are taken out of the sums" in said for said in shown.said)
    after = newest(config)
    never = learned(
        config_of(tmp_path / "without", sections, numbers=numbers), without_subject(events), monkeypatch
    )
    one, other = learner_in(after), learner_in(never)
    learned_then = learner_in(before)["ridge"]["events"]
    # Both have an open block, of which other rows were learned; the sums are compared on what both have in them.
    both = [_with_open_block(config, state) for state in (after, never)]
    assert one["ridge"]["events"] < learned_then
    for name in ("gram", "cross", "parameters"):
        mine, theirs = (np.asarray(each[name]) for each in both)
        assert np.abs(mine - theirs).max() < 1e-6 * max(1.0, np.abs(theirs).max()), name
    assert torch.equal(
        torch.as_tensor(one["network"]["parameters"]),
        torch.as_tensor(after["pipeline"]["main_learner"]["scored"]["pre_drift_weights"]["older"]),
    )
    assert other["steps"] > 0
    assert traces(tmp_path / "with") == []


def _with_open_block(config: Config, state: dict[str, Any]) -> dict[str, Any]:
    """The sums with the rows that waited, and the weights that they make."""
    from daemon.build.pipeline import build_any_pipeline  # noqa: PLC0415 - here alone
    from daemon.learning.stopwatch import Stopwatch  # noqa: PLC0415

    pipeline = build_any_pipeline(config, stopwatch=Stopwatch())
    pipeline.load_state_dict(state["pipeline"])
    pipeline.close_block()
    pipeline.consolidate()
    learner = pipeline.by_target[""].main.scored.learner.state_dict()  # type: ignore[union-attr]
    return learner["ridge"] | {"parameters": learner["network"]["parameters"]}


def test_a_model_that_cannot_be_downdated_is_relearned_and_it_is_said_why() -> None:
    why = {
        "no closed form": SUMS | {"model": {"type": "mlp", "hidden": [8]}},
        "fade": SUMS | {"model": {"type": "closed_form", "forgetting": 0.999}},
        "scaled": SUMS | {"learner": {"batch": 8}},
        "committee": SUMS | {"committee": {}},
        "companions": SUMS | {"companions": {}},
        "look back": SUMS | {"features": {"label_lags": 1}},
        "gaps": SUMS | {"decoder": SUMS["decoder"] | {"missing": "mean"}},
        "steps": SUMS | {"learner": {"standardise": False, "updates_per_event": 0.5}},
    }
    for expected, sections in why.items():
        found = why_not_downdated(Config.model_validate(SMALL | {"checkpoint": {"directory": "here"}} | sections))
        assert expected in found
    assert why_not_downdated(Config.model_validate(SMALL | {"checkpoint": {"directory": "here"}} | SUMS)) == ""


def test_a_key_that_never_came_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sections, events = sections_of(numbers=False), without_subject(planted())[:160]
    config = config_of(tmp_path / "with", sections)
    before = learned(config, events, monkeypatch)
    rebuilt(config, events, monkeypatch, keys=(SUBJECT,))
    assert_same_state(learner_in(newest(config))["ridge"], learner_in(before)["ridge"])
