from __future__ import annotations

import pytest

from benchmarks.literature import PROTOCOLS
from benchmarks.literature.configuration import merged, validated, written
from benchmarks.literature.run import Run
from daemon.config.errors import ConfigError

EVERY = [(name, setting) for name, protocol in PROTOCOLS.items() for setting in protocol.settings]


@pytest.mark.parametrize(("protocol", "setting"), EVERY)
def test_every_setting_is_a_valid_configuration_with_the_seed_of_its_run(protocol: str, setting: str) -> None:
    configuration = written(PROTOCOLS[protocol], setting, seed=7)
    assert validated(configuration, name="x").seed == 7


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_settings_of_a_protocol_differ(protocol: str) -> None:
    digests = [Run(protocol, setting, 0).digest for setting in PROTOCOLS[protocol].settings]
    assert len(set(digests)) == len(digests)


def test_what_a_run_depends_on_is_in_its_digest() -> None:
    run = Run("pmnist", "er-500", 0)
    others = (
        Run("rmnist", "er-500", 0),
        Run("pmnist", "er-200", 0),
        Run("pmnist", "er-500", 1),
        Run("pmnist", "er-500", 0, validate=True),
    )
    assert run.digest == Run("pmnist", "er-500", 0).digest
    assert run.digest not in {other.digest for other in others}


def test_a_list_is_replaced_and_a_mapping_of_the_same_type_completed() -> None:
    base = {"strategies": [{"type": "ewc"}], "learner": {"batch": 128, "standardise": False}}
    assert merged(base, {"strategies": [], "learner": {"batch": 10}}) == {
        "strategies": [],
        "learner": {"batch": 10, "standardise": False},
    }
    assert base["learner"] == {"batch": 128, "standardise": False}


def test_a_mistake_in_a_setting_is_reported_with_its_name() -> None:
    configuration = written(PROTOCOLS["pmnist"], "naive", seed=0) | {"modle": {}}
    with pytest.raises(ConfigError, match=r"pmnist/naive.*modle"):
        validated(configuration, name="pmnist/naive")
