from __future__ import annotations

import itertools
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import torch

from daemon.state.checkpoint_writer import CheckpointContents, CheckpointWriter, Written
from daemon.state.checkpoints import CheckpointStore
from daemon.state.state_error import StateError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from daemon.state.state_tree import FlatState


class GatedStore(CheckpointStore):
    """A real store that does not begin to write before the gate is open."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, keep=3)
        self.gate = threading.Event()

    def write(
        self, state: Mapping[str, Any] | FlatState, summary: Mapping[str, Any], *, history: str | None = None
    ) -> int:
        assert self.gate.wait(10)
        return super().write(state, summary, history=history)


class FaultyStore(CheckpointStore):
    """A store whose own code is at fault."""

    def write(
        self, state: Mapping[str, Any] | FlatState, summary: Mapping[str, Any], *, history: str | None = None
    ) -> int:
        raise LookupError(f"{len(summary)} of the summary")


@pytest.fixture
def store(tmp_path: Path) -> GatedStore:
    return GatedStore(tmp_path)


def state_at(step: int) -> dict[str, Any]:
    return {"parameters": torch.full((8,), float(step)), "step": step, "source": {"plant-0": step}}


def contents_at(step: int) -> CheckpointContents:
    return CheckpointContents(state=state_at(step), events=step, summary={"step": step}, snapshot={"plant-0": step})


def submit(writer: CheckpointWriter, step: int) -> bool:
    return writer.submit(contents_at(step))


def next_attempt(writer: CheckpointWriter) -> Written | StateError:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if landed := writer.completed():
            (attempt,) = landed
            return attempt
    raise AssertionError("nothing was written within 10 s")


def next_completed(writer: CheckpointWriter) -> Written:
    written = next_attempt(writer)
    assert isinstance(written, Written)
    return written


def test_the_loop_goes_on_and_is_told_what_to_commit_once_it_is_durable(store: GatedStore) -> None:
    writer = CheckpointWriter(store, clock=itertools.count(0.0, 1.5).__next__)
    assert submit(writer, 7)
    assert writer.busy
    assert writer.completed() == []
    assert store.generations() == []
    store.gate.set()
    assert next_completed(writer) == Written(
        generation=1, seconds=1.5, bytes=32, summary={"step": 7}, snapshot={"plant-0": 7}
    )
    assert writer.completed() == []
    assert store.load(1).state["step"] == 7


def test_one_at_a_time_is_written_and_none_is_queued(store: GatedStore) -> None:
    writer = CheckpointWriter(store)
    assert submit(writer, 1)
    assert not submit(writer, 2)
    store.gate.set()
    assert next_completed(writer).summary == {"step": 1}
    assert submit(writer, 3)
    writer.close()
    assert next_completed(writer).summary == {"step": 3}
    assert store.generations() == [1, 2]


def test_what_the_loop_changes_while_it_is_written_is_not_in_it(store: GatedStore) -> None:
    writer = CheckpointWriter(store)
    state, summary, snapshot = state_at(1), {"step": 1}, {"plant-0": 1}
    writer.submit(CheckpointContents(state=state, events=1, summary=summary, snapshot=snapshot))
    state["parameters"] += 1
    state["source"]["plant-0"] = summary["step"] = snapshot["plant-0"] = 2
    store.gate.set()
    written = next_completed(writer)
    saved = store.load(1)
    assert saved.state["parameters"].tolist() == [1.0] * 8
    assert saved.state["source"] == written.snapshot == {"plant-0": 1}
    assert saved.summary == {"step": 1}


def test_memory_that_is_used_again_holds_the_newer_state(store: GatedStore) -> None:
    store.gate.set()
    writer = CheckpointWriter(store)
    for step in (1, 2, 3):
        assert submit(writer, step)
        assert next_completed(writer).generation == step
    assert [store.load(step).state["parameters"][0].item() for step in (1, 2, 3)] == [1, 2, 3]


def test_what_could_not_be_written_is_told_once_and_the_next_attempt_is_a_new_one(store: GatedStore) -> None:
    writer = CheckpointWriter(store)
    submit(writer, 1)
    store.directory.write_text("in the way")
    store.gate.set()
    failure = next_attempt(writer)
    assert isinstance(failure, StateError)
    assert "checkpoints" in str(failure)
    store.directory.unlink()
    assert submit(writer, 2)
    assert next_completed(writer).generation == 1


@pytest.mark.parametrize("call", ["submit", "write_now", "close", "completed"])
def test_a_fault_of_the_program_is_raised_by_whatever_is_called_next(tmp_path: Path, call: str) -> None:
    writer = CheckpointWriter(FaultyStore(tmp_path, keep=3))
    submit(writer, 1)
    calls = {
        "submit": lambda: submit(writer, 2),
        "write_now": lambda: writer.write_now(contents_at(2)),
        "close": writer.close,
        "completed": writer.completed,
    }
    while writer.busy:
        pass
    with pytest.raises(LookupError, match="1 of the summary"):
        calls[call]()


def test_a_last_checkpoint_that_cannot_be_written_is_an_error_of_the_caller(store: GatedStore) -> None:
    store.directory.write_text("in the way")
    store.gate.set()
    with pytest.raises(StateError, match="checkpoints"):
        CheckpointWriter(store).write_now(contents_at(2))


def test_the_final_checkpoint_waits_for_the_one_before_and_is_durable_on_return(store: GatedStore) -> None:
    writer = CheckpointWriter(store)
    submit(writer, 1)
    threading.Timer(0.02, store.gate.set).start()
    final = writer.write_now(contents_at(2))
    assert (final.generation, final.snapshot) == (2, {"plant-0": 2})
    assert store.load(2).state["step"] == 2
    assert next_completed(writer).generation == 1
    writer.close()
    writer.close()


def test_a_state_that_cannot_be_saved_is_refused_before_the_thread_starts(store: GatedStore) -> None:
    writer = CheckpointWriter(store)
    with pytest.raises(TypeError, match=r"learner is a builtins\.tuple"):
        writer.submit(CheckpointContents(state={"learner": (1, 2)}, events=0, summary={}, snapshot={}))
    assert not writer.busy
