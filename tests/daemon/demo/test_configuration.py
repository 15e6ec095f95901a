from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.build.load import load
from daemon.demo.configuration import NAIVE, RETAIND, state_directory, write_configuration

if TYPE_CHECKING:
    from pathlib import Path


def test_the_learners_differ_in_their_strategies_and_nothing_else_that_matters(tmp_path: Path) -> None:
    naive, retaind = (load(write_configuration(tmp_path, name, events=60_000)) for name in (NAIVE, RETAIND))
    fields = type(naive).model_fields
    different = {field for field in fields if getattr(naive, field) != getattr(retaind, field)}
    assert different == {"name", "strategies", "checkpoint", "http"}
    assert naive.strategies == ()
    assert [strategy.type for strategy in retaind.strategies] == ["replay", "ewc"]


def test_a_path_with_signs_that_mean_something_in_yaml_is_kept(tmp_path: Path) -> None:
    output = tmp_path / 'a "b": ${HOME} # {x}'
    output.mkdir()
    config = load(write_configuration(output, NAIVE, events=2_000))
    assert config.checkpoint.directory == str(state_directory(output, NAIVE))
