"""What may be said of companions, and where it is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from daemon.config.advice.advice import advise
from daemon.config.challenger_view import challenger_view
from daemon.config.errors import ConfigError, dotted

if TYPE_CHECKING:
    from daemon.config.schema import Config


def view(config: Config) -> Config:
    assert config.companions.challenger is not None
    return challenger_view(config, config.companions.challenger)


def problems(load_with: Any, companions: str, **sections: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_with(companions=companions, **sections)
    return [f"{dotted(problem.path)}: {problem.message}" for problem in caught.value.problems]


def test_the_baselines_are_there_by_default_and_each_may_be_switched_off(load_with: Any) -> None:
    default, without = load_with().companions, load_with(companions="{naive: null, frozen: null}").companions
    assert default.naive is not None
    assert default.frozen is not None
    assert default.challenger is None
    assert (without.naive, without.frozen) == (None, None)


def test_the_challenger_is_the_main_learner_but_for_what_its_section_says(load_with: Any) -> None:
    challenger = "{challenger: {strategies: [{type: ewc}], learner: {clip_norm: 2.0}}}"
    config = load_with(companions=challenger, optimizer="{type: sgd, lr: 0.1}", learner="{batch: 8}")
    seen = view(config)
    assert [strategy.type for strategy in seen.strategies] == ["ewc"]
    assert (seen.learner.batch, seen.learner.clip_norm) == (8, 2.0)
    assert (seen.optimizer, seen.model, seen.adapters) == (config.optimizer, config.model, config.adapters)
    assert [strategy.type for strategy in config.strategies] == ["replay", "l2sp"]


def test_its_updates_by_batch_take_the_place_of_the_main_learners_by_event(load_with: Any) -> None:
    config = load_with(
        learner="{updates_per_event: 0.5}",
        companions="{challenger: {strategies: [], learner: {updates_per_batch: 3}}}",
    )
    assert (view(config).learner.updates_per_event, view(config).learner.updates_per_batch) == (None, 3)


def test_it_may_go_without_the_main_learners_adapters(load_with: Any) -> None:
    config = load_with(
        adapters="[{type: lora, rank: 2}]", companions="{challenger: {strategies: [], adapters: []}}"
    )
    assert view(config).adapters == ()


@pytest.mark.parametrize("option", ["batch: 64", "linger_seconds: 1.0", "threads: 2"])
def test_it_learns_the_same_micro_batches(load_with: Any, option: str) -> None:
    (problem,) = problems(load_with, f"{{challenger: {{strategies: [], learner: {{{option}}}}}}}")
    assert problem.startswith("companions.challenger.learner: ")
    assert option.partition(":")[0] in problem


def test_its_strategies_must_be_said(load_with: Any) -> None:
    (problem,) = problems(load_with, "{challenger: {optimizer: {type: sgd}}}")
    assert problem.startswith("companions.challenger.strategies: required")


def test_its_options_are_checked_like_the_main_ones(load_with: Any) -> None:
    (problem,) = problems(load_with, "{challenger: {strategies: [{type: replay, rowz: 5}]}}")
    assert problem.startswith("companions.challenger.strategies[0].rowz: unknown key")


def test_adapters_that_contradict_each_other_are_refused_where_they_are(load_with: Any) -> None:
    twice = "{challenger: {strategies: [], adapters: [{type: lora}, {type: lora}]}}"
    (problem,) = problems(load_with, twice)
    assert problem.startswith("companions.challenger.adapters[1]: lora is given twice")


def test_advice_on_it_names_its_section_and_leaves_out_what_is_the_main_learners(load_with: Any) -> None:
    challenger = "{challenger: {strategies: [{type: ewc, strength: 0}], optimizer: {type: adam, lr: 0.5}}}"
    config = load_with(companions=challenger, checkpoint="{directory: /var/lib/plant, keep: 1}")
    paths = [dotted(advice.path) for advice in advise(config)]
    assert paths.count("checkpoint.keep") == 1
    assert "companions.challenger.strategies[0].strength" in paths
    assert "companions.challenger.optimizer.lr" in paths
    assert "optimizer.lr" not in paths
