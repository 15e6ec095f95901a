from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from daemon.demo.configuration import RETAIND, state_directory
from daemon.demo.folder import begin_afresh
from daemon.state.state_error import StateError
from daemon.state.state_lock import StateLock

if TYPE_CHECKING:
    from pathlib import Path


def test_a_new_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    begin_afresh(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


def test_what_an_earlier_demo_has_learned_is_forgotten_and_the_rest_stays(tmp_path: Path) -> None:
    begin_afresh(tmp_path)
    state = state_directory(tmp_path, RETAIND)
    state.mkdir(parents=True)
    (state / "old").touch()
    (tmp_path / "notes").touch()
    begin_afresh(tmp_path)
    assert not state.exists()
    assert (tmp_path / "notes").exists()


def test_a_folder_of_someone_else_is_left_alone(tmp_path: Path) -> None:
    theirs = state_directory(tmp_path, RETAIND)
    theirs.mkdir(parents=True)
    with pytest.raises(StateError, match=r"has not made.*--output"):
        begin_afresh(tmp_path)
    assert list(tmp_path.rglob("*")) == [tmp_path / "state", theirs]


def test_a_demo_that_is_still_running_is_left_alone(tmp_path: Path) -> None:
    begin_afresh(tmp_path)
    with StateLock(state_directory(tmp_path, RETAIND)), pytest.raises(StateError, match="in use by process"):
        begin_afresh(tmp_path)
    assert state_directory(tmp_path, RETAIND).exists()


def test_a_place_that_cannot_be_a_folder_is_said_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match=r"cannot write .*file: .*--output"):
        begin_afresh(tmp_path / "file")
