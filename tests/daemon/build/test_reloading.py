"""A service whose configuration changes between two turns."""

from __future__ import annotations

import io
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch

from daemon.config.changes import changes
from daemon.config.errors import ConfigError, Problem
from daemon.loop.reject_limit import TooManyRejectsError
from daemon.process.logs import logging_to
from daemon.service import Service
from daemon.state.checkpoints import CheckpointStore
from daemon.state.state_error import StateError
from tests.daemon.event_stream import Stretch, json_lines
from tests.daemon.lives import SMALL
from tests.daemon.same_state import assert_same_state
from tests.daemon.test_service import file_config, never, newest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from daemon.config.schema import Config

EVENTS = 150
REPLAY, EWC = SMALL["strategies"]
ADAM = {"type": "adam", "lr": 0.01}
ALL_LIVE: dict[str, Any] = {
    "optimizer": {
        "type": "adam",
        "lr": 0.05,
        "betas": [0.8, 0.99],
        "eps": 1e-6,
        "weight_decay": 0.01,
        "schedule": {"type": "cosine", "steps": 100, "floor": 0.001},
    },
    "learner": {"batch": 12, "linger_seconds": 60.0, "updates_per_event": 0.2, "clip_norm": 1.0},
    "strategies": [
        REPLAY | {"batch": 3, "weight": 0.7, "asymmetric": True},
        EWC | {"strength": 99.0, "decay": 0.5, "fisher": "empirical", "every_events": 70},
    ],
    "companions": {"naive": {"every_blocks": 2}, "frozen": None, "challenger": {"strategies": [REPLAY]}},
    "retention": SMALL["retention"] | {"every_events": 33, "min_segment_events": 9},
    "rejections": {"tolerate": True, "max_share": 0.9},
    "log": {"level": "debug"},
}


@pytest.fixture(autouse=True)
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """One event a turn, so that a reload can come before any."""
    monkeypatch.setattr("daemon.loop.poll_size.PollSize.max_records", 1)


@pytest.fixture(autouse=True)
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    with logging_to(stream, form="json"):
        yield stream


@pytest.fixture
def stream(tmp_path: Path) -> Path:
    path = tmp_path / "stream.jsonl"
    stretches = [Stretch(task, EVENTS // 5) for task in "PQPQP"]
    path.write_bytes(json_lines(stretches))
    return path


@pytest.fixture
def configured(tmp_path: Path, stream: Path) -> Callable[..., Config]:
    def configure(name: str = "one", **sections: Any) -> Config:
        directory = tmp_path / name
        directory.mkdir(exist_ok=True)
        return file_config(directory, stream, **sections)

    return configure


def turn_to(service: Service, events: int) -> None:
    while service.loop.pipeline.events < events:
        service.turn()


def learned(config: Config) -> dict[str, Any]:
    state: dict[str, Any] = newest(Path(config.checkpoint.directory))["pipeline"]
    return state


def reload_at(config: Config, new: Config, *, events: int) -> dict[str, Any]:
    """Learn everything in one life, with a reload in between; return what is learned."""
    with Service(config, read=lambda: new) as service:
        turn_to(service, events)
        assert service.reload() is None
        service.run(stop=never)
    return learned(config)


def restart_at(config: Config, new: Config, *, events: int) -> dict[str, Any]:
    """Learn everything in two lives, the second under the new configuration."""
    with Service(config) as service:
        turn_to(service, events)
        service.loop.save()
    with Service(new) as service:
        service.run(stop=never)
    return learned(new)


def told(log: io.StringIO, event: str) -> dict[str, Any]:
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    (line,) = [line for line in lines if line["event"] == event]
    return dict(line)


@pytest.mark.parametrize("at", [0, 1, 61, 100])
def test_a_reload_of_the_same_file_changes_no_bit(configured: Callable[..., Config], at: int) -> None:
    calm = configured("calm")
    with Service(calm) as service:
        service.run(stop=never)
    assert_same_state(learned(calm), reload_at(configured("other"), configured("other"), events=at))


@pytest.mark.parametrize("at", [0, 61, 100])
def test_a_reload_of_all_that_is_live_ends_with_the_bits_of_a_restart(
    configured: Callable[..., Config], at: int
) -> None:
    reloaded = reload_at(configured("one"), configured("one", **ALL_LIVE), events=at)
    restarted = restart_at(configured("two"), configured("two", **ALL_LIVE), events=at)
    assert_same_state(reloaded, restarted)


def test_all_live_options_are_in_that_test(configured: Callable[..., Config]) -> None:
    found = changes(configured(), configured(**ALL_LIVE))
    assert [change.key for change in found if not change.live] == []
    assert {change.path[0] for change in found} == set(ALL_LIVE)


def test_what_was_reloaded_is_in_force(configured: Callable[..., Config], log: io.StringIO) -> None:
    with Service(configured(), read=lambda: configured(**ALL_LIVE)) as service:
        turn_to(service, 100)
        assert service.loop.pipeline.main is not None
        assert service.loop.pipeline.main.scored.learning_rate == pytest.approx(0.001)
        assert service.reload() is None
        service.turn()
        main = service.loop.pipeline.main
        assert main is not None
        assert main.scored.learning_rate == pytest.approx(0.05, rel=0.2)
        assert [name for name, _ in main.companions] == ["naive", "challenger"]
        assert main.room == 12 - main.waiting
    changed = told(log, "configuration reloaded")["changed"]
    assert changed["optimizer.lr"] == {"from": 0.001, "to": 0.05}
    assert changed["log.level"] == {"from": "info", "to": "debug"}


def test_a_smaller_micro_batch_first_learns_what_waits(configured: Callable[..., Config]) -> None:
    with Service(configured(), read=lambda: configured(learner={"batch": 2})) as service:
        turn_to(service, 13)
        assert service.loop.pipeline.waiting == 5
        assert service.reload() is None
        assert service.loop.pipeline.waiting == 0
        service.run(stop=never)
        assert service.loop.pipeline.events == EVENTS


def test_checkpoints_come_as_often_as_the_new_configuration_says(configured: Callable[..., Config]) -> None:
    config = configured()
    directory = config.checkpoint.directory
    often = {"directory": directory, "every_events": 1, "every_seconds": 1e9, "keep": 2}
    with Service(config, read=lambda: configured(checkpoint=often)) as service:
        turn_to(service, 10)
        assert service.reload() is None
        turn_to(service, 12)
        service.loop.save()
    manifests = [entry.manifest for entry in CheckpointStore(Path(directory), keep=1).entries()]
    assert [manifest and manifest.summary["events"] for manifest in manifests] == [11, 12]


def test_a_new_linger_holds_for_the_events_that_wait(configured: Callable[..., Config], stream: Path) -> None:
    slow = {"source": {"type": "file", "path": str(stream), "rate": 5}}
    brief = SMALL["learner"] | {"linger_seconds": 0.001}
    with Service(configured(**slow), read=lambda: configured(**slow, learner=brief)) as service:
        turn_to(service, 1)
        assert service.reload() is None
        while service.loop.pipeline.waiting:
            service.turn()
        assert service.loop.pipeline.events < SMALL["learner"]["batch"]


def test_the_level_of_the_log_is_the_new_one(configured: Callable[..., Config]) -> None:
    with Service(configured(), read=lambda: configured(log={"level": "error"})) as service:
        turn_to(service, 1)
        assert service.reload() is None
    assert logging.getLogger("retaind").level == logging.ERROR


def test_what_is_tolerated_is_what_the_new_configuration_says(
    configured: Callable[..., Config], stream: Path
) -> None:
    lines = stream.read_bytes().splitlines(keepends=True)
    stream.write_bytes(b"".join([*lines[:3], b"bad\n", *lines[3:6], b"bad\n", *lines[6:]]))
    with Service(configured(), read=lambda: configured(rejections={"tolerate": False})) as service:
        turn_to(service, 5)
        assert service.reload() is None
        with pytest.raises(TooManyRejectsError, match=r"rejections\.tolerate is false"):
            turn_to(service, 8)


def test_the_new_configuration_says_how_many_failed_checkpoints_are_tolerated(
    configured: Callable[..., Config],
) -> None:
    checkpoint = {"directory": configured().checkpoint.directory, "every_events": 1, "every_seconds": 1e9}
    strict = configured(checkpoint=checkpoint | {"tolerate_failures": 0})
    with Service(configured(checkpoint=checkpoint), read=lambda: strict) as service:
        turn_to(service, 2)
        assert service.reload() is None
        checkpoints = Path(checkpoint["directory"], "checkpoints")
        checkpoints.rename(checkpoints.with_name("aside"))
        checkpoints.write_text("in the way")
        with pytest.raises(StateError, match="checkpoints"):
            turn_to(service, EVENTS + 1)
        assert service.registry.get_sample_value("retaind_checkpoint_failures_total") == 0


def test_the_configuration_before_is_a_change_again(configured: Callable[..., Config]) -> None:
    first, second = configured(optimizer=ADAM), configured(optimizer=ADAM | {"lr": 0.5})
    to_come = [second, first]
    with Service(first, read=lambda: to_come.pop(0)) as service:
        turn_to(service, 10)
        for expected in (second, first):
            assert service.reload() is None
            main = service.loop.pipeline.main
            assert main is not None
            assert main.scored.learner.learning_rate == expected.optimizer.model_dump()["lr"]


@pytest.mark.parametrize("at", [0, 100])
@pytest.mark.parametrize(
    ("sections", "key"),
    [
        ({"seed": 9}, "seed"),
        ({"optimizer": {"type": "sgd"}}, "optimizer"),
        ({"strategies": [REPLAY]}, "strategies"),
        ({"strategies": [REPLAY | {"rows": 40}, EWC]}, "strategies[0].rows"),
        ({"http": {"port": 0, "host": "::1"}}, "http.host"),
    ],
    ids=["seed", "optimizer", "strategies", "rows", "host"],
)
def test_what_takes_a_restart_is_refused_by_name_and_nothing_else_is_applied(
    configured: Callable[..., Config], sections: dict[str, Any], key: str, at: int
) -> None:
    calm = configured("calm")
    with Service(calm) as service:
        service.run(stop=never)
    config, new = configured("other"), configured("other", learner={"batch": 4}, **sections)
    with Service(config, read=lambda: new) as service:
        turn_to(service, at)
        assert service.reload() == f"{key}: needs a restart; nothing of the new configuration was applied"
        assert service.config is config
        assert service.registry.get_sample_value("retaind_config_last_reload_successful") == 0
        service.run(stop=never)
    assert_same_state(learned(calm), learned(config))


def test_a_file_that_is_wrong_changes_nothing(configured: Callable[..., Config], log: io.StringIO) -> None:
    calm = configured("calm")
    with Service(calm) as service:
        service.run(stop=never)
    problem = Problem("retaind.yaml", None, ("sede",), "unknown key")

    def read() -> Config:
        raise ConfigError([problem])

    config = configured("other")
    with Service(config, read=read) as service:
        turn_to(service, 100)
        assert service.reload() == str(problem)
        service.run(stop=never)
    assert told(log, "configuration not reloaded")["reason"] == str(problem)
    assert_same_state(learned(calm), learned(config))


def test_a_state_that_does_not_fit_after_all_leaves_the_old_learner_as_it_was(
    configured: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    calm = configured("calm")
    with Service(calm) as service:
        service.run(stop=never)

    def refuse(*_: object) -> None:
        torch.rand(3)
        raise ValueError("of another shape")

    config = configured("other")
    with Service(config, read=lambda: configured("other", learner={"batch": 9})) as service:
        turn_to(service, 100)
        with monkeypatch.context() as patch:
            patch.setattr("daemon.learning.main_learner.MainLearner.load_state_dict", refuse)
            assert "of another shape" in (service.reload() or "")
        service.run(stop=never)
    assert_same_state(learned(calm), learned(config))
