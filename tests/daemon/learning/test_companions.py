"""Companions come and go with the configuration; the checkpoint of the main learner stays good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from structlog.testing import capture_logs

from daemon.config.errors import ConfigError
from daemon.state.state_tree import copy_tree
from tests.daemon.learning.companion_stream import ALWAYS, NOBODY, companion, main_of, pipeline, state_of, stream
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from daemon.learning.pipeline import Pipeline

NAIVE = {"companions": NOBODY | {"naive": ALWAYS}}
REPLAY = {"strategies": [{"type": "replay", "rows": 20}]}
CHALLENGER = {"companions": NOBODY | {"challenger": REPLAY}}
RECORDS = stream()


def taken_up(made: Pipeline, **sections: Any) -> tuple[Pipeline, list[MutableMapping[str, Any]]]:
    """What another configuration makes of a pipeline's state, and what it logs."""
    again = pipeline(**sections)
    with capture_logs() as logs:
        again.load_state_dict(copy_tree(made.state_dict()))
    return again, logs


def halfway(**sections: Any) -> Pipeline:
    made = pipeline(**sections)
    made.process(RECORDS[:100])
    return made


def test_a_companion_that_is_added_begins_untrained_and_says_so() -> None:
    made = halfway()
    again, logs = taken_up(made, **NAIVE)
    assert [(log["event"], log["learner"]) for log in logs] == [("companion begins untrained", "naive")]
    assert state_of(main_of(made))["learner"]["steps"] == main_of(again).scored.learner.steps
    assert companion(main_of(again), "naive").scored.learner.steps == 0
    again.process(RECORDS[100:])
    assert companion(main_of(again), "naive").scored.prequential.total().rows > 70


def test_one_that_is_removed_leaves_nothing_behind() -> None:
    again, logs = taken_up(halfway(**CHALLENGER))
    assert logs[0]["learner"] == "challenger"
    assert main_of(again).state_dict()["companions"]["by_name"] == {}


def test_one_with_other_strategies_begins_untrained_and_says_why() -> None:
    other = {"companions": NOBODY | {"challenger": {"strategies": [{"type": "ewc"}]}}}
    again, logs = taken_up(halfway(**CHALLENGER), **other)
    assert "['replay']" in logs[0]["reason"]
    challenger = companion(main_of(again), "challenger")
    untrained = companion(main_of(halfway(**other)), "challenger")
    assert challenger.scored.learner.steps == 0
    assert torch.equal(
        challenger.scored.evaluator.state_dict()["untrained"], untrained.scored.evaluator.state_dict()["untrained"]
    )
    assert torch.equal(challenger.scored.learner.parameters, challenger.scored.evaluator.state_dict()["untrained"])


def test_the_others_go_on_as_if_nothing_had_happened() -> None:
    made = halfway(**NAIVE)
    again, _ = taken_up(made, companions={"naive": ALWAYS, "frozen": ALWAYS, "challenger": REPLAY})
    for each in (made, again):
        each.process(RECORDS[100:])
    one, other = main_of(made), main_of(again)
    assert_same_state(state_of(one), state_of(other))
    assert_same_state(state_of(companion(one, "naive")), state_of(companion(other, "naive")))


def test_the_main_learners_strategies_stay_strict() -> None:
    with pytest.raises(ValueError, match="strategies"):
        taken_up(halfway(), strategies=[])


def test_a_challenger_that_cannot_be_made_is_refused_at_its_place_in_the_file() -> None:
    too_small = {"strategies": [{"type": "replay", "bytes": 1}]}
    with pytest.raises(ConfigError, match=r"companions\.challenger\.strategies\[0\]"):
        pipeline(companions=NOBODY | {"challenger": too_small}).process(RECORDS)
