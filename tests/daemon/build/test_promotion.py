"""The challenger takes the main learner's place as if it had always been there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from typer.testing import CliRunner

from daemon.build.pipeline import build_any_pipeline
from daemon.build.promotion import promote
from daemon.cli import app
from daemon.config.errors import ConfigError
from daemon.config.schema import Config
from daemon.learning.stopwatch import Stopwatch
from daemon.state.checkpoints import CheckpointStore
from daemon.state.state_error import StateError
from daemon.state.state_lock import StateLock
from tests.daemon.learning.companion_stream import CONFIG, NOBODY, companion, main_of, pipeline, state_of, stream
from tests.daemon.learning.later.late_stream import sensors
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from pathlib import Path

    from daemon.learning.pipeline import Pipeline

OLD = {"strategies": [{"type": "replay", "rows": 40}, {"type": "ewc", "fisher_rows": 20}]}
NEW = {"strategies": [{"type": "replay", "rows": 15}], "optimizer": {"type": "sgd", "lr": 0.1}}
BEFORE = {**OLD, "companions": NOBODY | {"challenger": NEW}}
AFTER = {**NEW, "companions": NOBODY | {"challenger": {**OLD, "optimizer": {"type": "adam"}}}}
RECORDS = stream()


def saved(made: Pipeline, directory: Path) -> CheckpointStore:
    store = CheckpointStore(directory, keep=3)
    store.write({"pipeline": made.state_dict(), "source": {"position": 100}}, made.summary())
    return store


def config(directory: Path, **sections: Any) -> Config:
    return Config.model_validate(CONFIG | sections | {"checkpoint": {"directory": str(directory)}})


@pytest.fixture
def halfway() -> Pipeline:
    made = pipeline(**BEFORE)
    made.process(RECORDS[:100])
    assert made.waiting
    return made


def test_a_promoted_challenger_goes_on_bit_for_bit_as_it_would_have_as_a_companion(
    tmp_path: Path, halfway: Pipeline
) -> None:
    store = saved(halfway, tmp_path)
    generation = promote(config(tmp_path, **BEFORE), store)
    state = store.load(generation).state
    promoted = pipeline(**AFTER)
    promoted.load_state_dict(state["pipeline"])
    halfway.close_block()
    for each in (halfway, promoted):
        each.process(RECORDS[100:])
    one, other = main_of(halfway), main_of(promoted)
    for each in (one, other):
        each.close_block()
    assert_same_state(state_of(companion(one, "challenger")), state_of(other))
    assert_same_state(state_of(one), state_of(companion(other, "challenger")))


def test_the_new_generation_has_the_positions_and_the_counts(tmp_path: Path, halfway: Pipeline) -> None:
    store = saved(halfway, tmp_path)
    generation = promote(config(tmp_path, **BEFORE), store)
    loaded = store.load(generation)
    assert (generation, loaded.state["source"]) == (2, {"position": 100})
    assert loaded.summary["events"] == 100
    assert loaded.summary["step"] == loaded.state["pipeline"]["main_learner"]["scored"]["learner"]["steps"]


def test_of_several_targets_the_challengers_of_all_take_over(tmp_path: Path) -> None:
    targets = {
        "decoder": {"type": "json", "task": "task"},
        "label": "none",
        "targets": [{"field": "a", "ahead": 2}, {"field": "b", "ahead": 5}],
        "companions": NOBODY | {"challenger": NEW},
    }
    before = config(tmp_path, **BEFORE | targets)
    made = build_any_pipeline(before, stopwatch=Stopwatch())
    made.process(sensors(60, seed=2, keys=[None]))
    store = CheckpointStore(tmp_path, keep=3)
    store.write({"pipeline": made.state_dict(), "source": {}}, made.summary())
    made.close_block()
    was, now = made.state_dict()["targets"], store.load(promote(before, store)).state["pipeline"]["targets"]
    assert list(now) == ["a+2", "b+5"]
    for name in now:
        one, other = was[name]["main_learner"], now[name]["main_learner"]
        assert_same_state(one["companions"]["by_name"]["challenger"]["scored"], other["scored"])
        assert_same_state(one["scored"], other["companions"]["by_name"]["challenger"]["scored"])


def test_the_daemon_does_not_start_with_the_file_as_it_was(tmp_path: Path, halfway: Pipeline) -> None:
    store = saved(halfway, tmp_path)
    state = store.load(promote(config(tmp_path, **BEFORE), store)).state
    with pytest.raises(ValueError, match="strategies"):
        pipeline(**BEFORE).load_state_dict(state["pipeline"])


def test_without_a_challenger_there_is_nothing_to_promote(tmp_path: Path, halfway: Pipeline) -> None:
    store = saved(halfway, tmp_path)
    with pytest.raises(ConfigError, match=r"companions\.challenger.*none to promote"):
        promote(config(tmp_path, **OLD), store)
    other = OLD | {"companions": NOBODY | {"challenger": {"strategies": [{"type": "ewc"}]}}}
    with pytest.raises(StateError, match="not the configured one"):
        promote(config(tmp_path, **other), store)
    assert store.generations() == [1]


def test_before_the_first_event_there_is_nothing_either(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="no event"):
        promote(config(tmp_path, **BEFORE), saved(pipeline(**BEFORE), tmp_path))


def test_the_command_says_what_is_left_to_do_and_wants_the_daemon_stopped(
    tmp_path: Path, halfway: Pipeline
) -> None:
    store = saved(halfway, tmp_path)
    file = tmp_path / "plant.yaml"
    file.write_text(
        yaml.safe_dump(CONFIG | BEFORE | {"checkpoint": {"directory": str(tmp_path)}}), encoding="utf-8"
    )
    words = ["checkpoint", "promote", "-c", str(file)]
    with StateLock(tmp_path):
        running = CliRunner().invoke(app, words)
    assert (running.exit_code, "in use" in running.stderr) == (74, True)
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.stderr
    assert "generation 2" in result.stdout
    assert f"change places in {file}" in result.stdout
    assert store.generations() == [1, 2]
