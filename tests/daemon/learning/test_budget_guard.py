"""A learner is held to its retention budget: boosted, frozen, and let go, as its tasks contradict each other."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pytest

from connectors.record import LocalRecord
from daemon.build.load import load_bytes
from daemon.build.pipeline import build_pipeline
from daemon.config.errors import ConfigError
from daemon.learning.stopwatch import Stopwatch
from daemon.state.state_tree import copy_tree
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from daemon.learning.pipeline import Pipeline
    from daemon.scoring.budget.snapshot import BudgetSnapshot

CONFIG = """
source: {{type: plant}}
decoder: {{type: json, label: label, task: task, features: [a, b], first_events: 1}}
label: {{type: class, classes: [no, yes]}}
tasks: {{type: {tasks}}}
model: {{type: {model}}}
optimizer: {{type: sgd, lr: 0.5}}
learner: {{batch: 8, standardise: false}}
strategies: {strategies}
retention: {{probe_share: 0.2, probe_rows: 200, every_events: 100, min_segment_events: 20, {budget}}}
companions: {{naive: null, frozen: null}}
checkpoint: {{directory: state}}
"""
REPLAY = "[{type: replay, rows: 40}]"


def pipeline(budget: str, *, strategies: str = REPLAY, tasks: str = "field", model: str = "linear") -> Pipeline:
    text = CONFIG.format(budget=budget, strategies=strategies, tasks=tasks, model=model)
    return build_pipeline(load_bytes(text.encode(), file="test.yaml", environ={}), stopwatch=Stopwatch())


def events(count: int, *, task: str, first: int = 0, flip: bool = False) -> list[LocalRecord]:
    """A task is one half of the plane; flipped, all its labels are wrong."""
    chance = np.random.default_rng(first)
    records = []
    for offset, (a, b) in enumerate(chance.normal(size=(count, 2)).tolist(), start=first):
        value = {"a": a, "b": b, "label": "yes" if (a > 0) != flip else "no", "task": task}
        records.append(LocalRecord("events", 0, offset, -1, None, orjson.dumps(value), []))
    return records


GOOD = events(800, task="good")
BAD = events(3_000, task="bad", first=800, flip=True)
"""The opposite of what is known: no model can hold both."""


def budget_of(made: Pipeline) -> BudgetSnapshot:
    found = made.snapshot().budget
    assert found is not None
    return found


def score(made: Pipeline, task: int = 0) -> float:
    assert made.main is not None
    now = made.main.scored.evaluator.figures().tasks[task].now
    assert now is not None
    return now


def test_without_a_budget_the_task_is_lost_and_with_one_it_is_held() -> None:
    free, held = pipeline("max_tasks: 4"), pipeline("budget: 0.05, on_breach: [boost, freeze], accept_after: null")
    for made in (free, held):
        made.process(GOOD + BAD[:2_000])
    assert score(free) < 0.7
    assert score(held) > 0.9
    assert free.snapshot().budget is None
    told = budget_of(held)
    assert told.stage in {"freeze", "trial"}
    assert told.causes == ("good",)
    assert told.budgets["good"] == 0.05
    assert told.entered["freeze"] >= 1
    assert told.let_go == 0


@pytest.mark.parametrize("remedy", ["boost, freeze", "freeze"])
def test_a_task_is_held_where_labels_come_later_as_well(remedy: str) -> None:
    text = CONFIG.format(
        budget=f"budget: 0.05, on_breach: [{remedy}], accept_after: null",
        strategies=REPLAY,
        tasks="field",
        model="linear",
    ).replace("classes: [no, yes]", "classes: [no, yes], from: topic, where: {what: label}, by: key")
    made = build_pipeline(load_bytes(text.encode(), file="test.yaml", environ={}), stopwatch=Stopwatch())
    made.process(with_labels_later(GOOD + BAD[:2_000], behind=5))
    assert made.learned > 2_700
    assert budget_of(made).entered["freeze"] >= 1
    assert score(made) > 0.9
    # A state that is taken up in the middle goes on as this one would.
    again = build_pipeline(load_bytes(text.encode(), file="test.yaml", environ={}), stopwatch=Stopwatch())
    again.load_state_dict(copy_tree(made.state_dict()))
    rest = with_labels_later(BAD[2_000:], behind=5)
    for each in (made, again):
        each.process(rest)
    assert_same_state(copy_tree(again.state_dict()), copy_tree(made.state_dict()))


def with_labels_later(records: list[LocalRecord], *, behind: int) -> list[LocalRecord]:
    """Events without their labels, which come in records of their own, so many events later."""
    waiting: list[tuple[bytes, str]] = []
    found: list[LocalRecord] = []

    def add(key: bytes, value: dict[str, Any]) -> None:
        offset = 2 * records[0].offset + len(found)
        found.append(LocalRecord("events", 0, offset, -1, key, orjson.dumps(value), []))

    for record in records:
        event, key = orjson.loads(record.value or b""), b"k%d" % record.offset
        waiting.append((key, event.pop("label")))
        add(key, event | {"what": "event"})
        if len(waiting) > behind:
            label_of, label = waiting.pop(0)
            add(label_of, {"what": "label", "label": label})
    for label_of, label in waiting:
        add(label_of, {"what": "label", "label": label})
    return found


@pytest.mark.parametrize("kind", ["cls_er", "derpp", "agem"])
def test_whatever_predicts_is_taken_back(kind: str) -> None:
    made = pipeline(
        "budget: 0.05, on_breach: [freeze], accept_after: null", strategies=f"[{{type: {kind}, rows: 40}}]"
    )
    made.process(GOOD + BAD[:600])
    assert budget_of(made).entered["freeze"] >= 1
    while budget_of(made).stage != "freeze":
        made.process(events(40, task="bad", first=made.events, flip=True))
    made.process(events(120, task="bad", first=made.events, flip=True))
    assert score(made) > 0.9


def test_a_frozen_learner_predicts_and_makes_no_step() -> None:
    made = pipeline("budget: 0.05, on_breach: [freeze], accept_after: null")
    made.process(GOOD)
    steps = []
    for start in range(0, 2_000, 20):
        made.process(BAD[start : start + 20])
        assert made.main is not None
        steps.append((made.main.scored.learner.steps, budget_of(made).stage, made.events))
    still = [after[0] == before[0] for before, after in pairwise(steps) if before[1] == after[1] == "freeze"]
    assert len(still) > 20
    assert all(still)
    assert steps[-1][2] == len(GOOD) + 2_000
    # It has tried again in between: less and less often.
    assert 2 <= budget_of(made).entered["trial"] <= 5


def test_more_is_rehearsed_of_a_task_that_passes_its_budget() -> None:
    made = pipeline("budget: 0.05, on_breach: [boost], accept_after: null")
    made.process(GOOD)
    drawn = drawn_by(made)
    made.process(BAD[:100])
    assert set(drawn) == {8}
    made.process(BAD[100:1_000])
    assert budget_of(made).stage == "boost"
    assert budget_of(made).boosts == {"good": 4.0}
    assert max(drawn) == 8 + 4 * 8


def drawn_by(made: Pipeline) -> list[int]:
    """How many rows each step to come rehearses."""
    assert made.main is not None
    replay: Any = dict(made.main.scored.learner.strategies)["replay"]
    drawn: list[int] = []
    draw = replay.draw

    def noted() -> Any:
        slots = draw()
        drawn.append(len(slots))
        return slots

    replay.draw = noted
    return drawn


def test_what_cannot_be_held_is_let_go_and_the_new_world_is_learned() -> None:
    made = pipeline("budget: 0.05, on_breach: [boost, freeze], accept_after: 800")
    made.process(GOOD + BAD)
    told = budget_of(made)
    assert told.let_go == 1
    assert told.stage == "calm"
    assert score(made, 1) > 0.9


def test_a_task_that_is_never_to_be_sacrificed_is_held_for_ever() -> None:
    made = pipeline("budget: 0.05, on_breach: [boost, freeze], accept_after: 800, never: [good]")
    made.process(GOOD + BAD)
    assert budget_of(made).let_go == 0
    assert score(made) > 0.9


def test_each_task_has_its_own_budget() -> None:
    made = pipeline("budget: {default: 0.05, tasks: {good: 1.0}}, on_breach: [freeze]")
    made.process(GOOD + BAD[:2_000])
    told = budget_of(made)
    assert told.budgets == {"good": 1.0, "bad": 0.05}
    assert told.stage == "calm"
    assert score(made) < 0.7


def test_harm_that_ends_is_undone_and_learning_goes_on() -> None:
    made = pipeline("budget: 0.05, on_breach: [boost, freeze]")
    other = events(300, task="other", first=800)
    poison = events(800, task="other", first=1_100, flip=True)
    made.process(GOOD + other + poison)
    assert budget_of(made).stage in {"freeze", "trial"}
    made.process(events(2_000, task="other", first=1_900))
    assert budget_of(made).stage == "calm"
    assert budget_of(made).let_go == 0
    assert score(made) > 0.95
    assert made.main is not None
    assert made.main.scored.prequential.windowed().accuracy > 0.9


@pytest.mark.parametrize("place", [850, 1_210, 1_700, 2_333])
def test_it_goes_on_from_any_saved_state_as_it_would_have(place: int) -> None:
    records = GOOD + BAD[:1_800]
    whole, first, second = (pipeline("budget: 0.05, on_breach: [boost, freeze]") for _ in range(3))
    whole.process(records)
    first.process(records[:place])
    second.load_state_dict(first.state_dict())
    second.process(records[place:])
    assert_same_state(second.state_dict(), whole.state_dict())


def test_how_records_are_grouped_makes_no_difference() -> None:
    records = GOOD + BAD[:1_500]
    whole, pieces = (pipeline("budget: 0.05, on_breach: [boost, freeze], accept_after: 900") for _ in range(2))
    whole.process(records)
    for start in range(0, len(records), 37):
        pieces.process(records[start : start + 37])
    assert_same_state(pieces.state_dict(), whole.state_dict())


def test_a_budget_that_is_given_to_a_state_without_one_begins_there() -> None:
    before, after = pipeline("max_tasks: 32"), pipeline("budget: 0.05, on_breach: [freeze]")
    before.process(GOOD)
    after.load_state_dict(before.state_dict())
    after.process(BAD[:2_000])
    assert score(after) > 0.9


@pytest.mark.parametrize(
    ("budget", "changed", "said"),
    [
        ("budget: 0.05", {"tasks": "none"}, "one task, which is never past"),
        ("budget: 0.05, on_breach: [freeze, boost]", {}, r"write \[boost, freeze\]"),
        ("budget: 0.05, on_breach: [boost]", {"strategies": "[{type: ewc}]"}, "no strategy here rehearses"),
        ("budget: 0.05, on_breach: []", {}, "at least 1|empty|one"),
        ("budget: 0.05", {"model": "closed_form", "strategies": "[]"}, "a closed form forgets"),
        ("never: [good]", {}, "there is no budget"),
        ("budget: {tasks: {good: 0.1}}", {}, "default"),
        ("budget: 0", {}, "budget"),
        ("budget: 0.05, on_breach: [panic]", {}, "boost, rollback, freeze"),
    ],
)
def test_what_cannot_be_held_is_refused_with_its_place(budget: str, changed: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as error:
        pipeline(budget, **changed)
    assert "test.yaml:" in str(error.value)
    assert "retention" in str(error.value)
