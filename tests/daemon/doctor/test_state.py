from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from daemon.doctor.checkpoints import check_checkpoints
from daemon.doctor.lock import check_lock
from daemon.doctor.setup import Setup
from daemon.doctor.state_directory import check_disk_space, check_state_directory
from daemon.state.checkpoints import CheckpointStore
from daemon.state.state_lock import StateLock
from tests.daemon.doctor.found import levels, only, worst

if TYPE_CHECKING:
    from pathlib import Path

HERE = Setup()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    directory = tmp_path / "state"
    directory.mkdir()
    return directory


def everything(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*"))


def test_a_directory_that_can_be_written_is_ok_and_left_as_it_was(configure: Any, state: Path) -> None:
    CheckpointStore(state, keep=3).write({"weights": 1}, {})
    before = everything(state)
    assert "problem" not in levels(check_state_directory(configure(), HERE))
    assert everything(state) == before


def test_one_that_is_a_file_is_a_problem(configure: Any, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("not a directory")
    found = only(check_state_directory(configure(), HERE))
    assert (found.level, found.remedy) == ("problem", "point checkpoint.directory at a directory")


def test_one_that_is_yet_to_be_made_is_ok_and_is_not_made(configure: Any, tmp_path: Path) -> None:
    assert only(check_state_directory(configure(), HERE)).level == "ok"
    assert not (tmp_path / "state").exists()


def test_one_below_a_file_can_never_be_made(configure: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    config = configure(checkpoint=f'{{directory: "{tmp_path}/file/state"}}')
    assert only(check_state_directory(config, HERE)).level == "problem"


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone can give a file away")
def test_what_root_has_left_in_a_services_directory_is_a_warning(configure: Any, state: Path) -> None:
    CheckpointStore(state, keep=3).write({"weights": 1}, {})
    os.chown(state, 65534, 65534)
    found = worst(check_state_directory(configure(), HERE))
    assert (found.level, found.remedy) == ("warning", f"run: chown -R --reference={state}/ {state}/")


def test_a_directory_in_memory_is_a_warning(configure: Any, state: Path, tmp_path: Path) -> None:
    device = state.stat().st_dev
    mounts = tmp_path / "proc" / "self" / "mountinfo"
    mounts.parent.mkdir(parents=True)
    mounts.write_text(f"36 35 {os.major(device)}:{os.minor(device)} / /tmp rw - tmpfs tmpfs rw\n")
    found = worst(check_state_directory(configure(), Setup(proc=tmp_path / "proc")))
    assert (found.level, "on tmpfs" in found.found) == ("warning", True)


@pytest.mark.parametrize(("free", "level"), [(10, "problem"), (1 << 20, "warning"), (1 << 40, "ok")])
def test_free_space_is_compared_with_the_next_checkpoints(
    free: int, level: str, configure: Any, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    CheckpointStore(state, keep=3).write({"weights": 1}, {})
    usage = shutil.disk_usage(state)._replace(free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert only(check_disk_space(configure(), HERE)).level == level


def test_who_holds_the_lock_is_named_and_keeps_it(configure: Any, state: Path) -> None:
    with StateLock(state):
        held = only(check_lock(configure(), HERE))
    assert (held.level, f"held by process {os.getpid()}" in held.found) == ("ok", True)
    assert "is free" in only(check_lock(configure(), HERE)).found
    StateLock(state).release()


def test_without_a_lock_none_is_made(configure: Any, state: Path) -> None:
    assert only(check_lock(configure(), HERE)).level == "ok"
    assert everything(state) == []


def test_a_good_checkpoint_is_dated_and_counted(configure: Any, state: Path) -> None:
    CheckpointStore(state, keep=3, clock=lambda: 1000.0).write({"weights": 1}, {"events": 4200})
    found = only(check_checkpoints(configure(), Setup(clock=lambda: 1090.0)))
    assert (found.level, found.found) == ("ok", "generation 1 is good, written 90 s ago, after 4,200 events")


def test_one_of_the_future_is_a_warning(configure: Any, state: Path) -> None:
    CheckpointStore(state, keep=3, clock=lambda: 9000.0).write({"weights": 1}, {})
    assert only(check_checkpoints(configure(), Setup(clock=lambda: 10.0))).level == "warning"


def test_a_damaged_generation_is_a_warning_if_another_is_good_and_else_a_problem(
    configure: Any, state: Path
) -> None:
    store = CheckpointStore(state, keep=3)
    first, second = store.write({"weights": 1}, {}), store.write({"weights": 2}, {})
    (store.path(second) / "manifest.json").write_text("{}")
    found = worst(check_checkpoints(configure(), HERE))
    assert (found.level, f"starts from generation {first}" in found.remedy) == ("warning", True)
    shutil.rmtree(store.path(first))
    assert levels(check_checkpoints(configure(), HERE)) == ["problem"]


def test_none_yet_is_ok(configure: Any) -> None:
    assert "untrained" in only(check_checkpoints(configure(), HERE)).found
