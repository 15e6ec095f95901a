"""A daemon goes back to a checkpoint inside the budget and relearns: nothing is published twice, whatever dies."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from daemon.build.load import load_bytes
from daemon.loop.poll_size import PollSize
from daemon.service import Service
from daemon.state.checkpoints import CheckpointStore
from tests.daemon.poisoned_stream import BAD_LINE, EVENTS, LEARNS, poisoned
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """
source: {{type: file, path: {directory}/events.jsonl}}
predictions: {{type: file, path: {directory}/predictions.jsonl}}
dead_letters: {{type: file, path: {directory}/letters.jsonl}}
"""


class Killed(BaseException):
    """The process has died here."""


def service_in(directory: Path, *, remedies: str = "[boost, rollback]") -> Service:
    text = (CONFIG + LEARNS).format(directory=directory, remedies=remedies)
    service = Service(load_bytes(text.encode(), file="test.yaml", environ={}))
    service.loop._poll_size = PollSize(first=20, most=20)
    return service


def run(directory: Path, **options: Any) -> dict[str, Any]:
    """Learn to the end, and return the state."""
    with service_in(directory, **options) as service:
        service.run(stop=lambda: False)
    return state_in(directory)


def state_in(directory: Path) -> dict[str, Any]:
    newest = CheckpointStore(directory / "state", keep=2).load_newest()
    assert newest is not None
    return newest.saved.state


def stages_in(state: dict[str, Any]) -> dict[str, int]:
    entered: dict[str, int] = state["pipeline"]["main_learner"]["budget"]["stages"]["entered"]
    return entered


def offsets(path: Path) -> list[int]:
    return [json.loads(line)["offset"] for line in path.read_text().splitlines()]


@pytest.fixture
def stream(tmp_path: Path) -> Path:
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(poisoned()) + b"\n")
    return tmp_path


def test_it_goes_back_relearns_and_publishes_nothing_twice(stream: Path) -> None:
    state = run(stream)
    assert stages_in(state)["rollback"] == 1
    assert offsets(stream / "predictions.jsonl") == [place for place in range(EVENTS) if place != BAD_LINE]
    assert len((stream / "letters.jsonl").read_text().splitlines()) == 1
    assert state["pipeline"]["main_learner"]["events"] == EVENTS - 1
    assert "answered" not in state


@pytest.fixture
def wishing(stream: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a process has left that was killed when it had saved, and not gone back yet."""

    def killed(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(CheckpointStore, "write_return", killed)
        with pytest.raises(Killed):
            run(stream)
    return stream


def test_killed_between_the_wish_and_its_end_it_ends_where_it_would_have(
    wishing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = wishing.parent / "kept"
    shutil.copytree(wishing, kept)
    ended = run(wishing)
    assert stages_in(ended)["rollback"] == 1
    ends = [ended]
    for where in ("before it is marked", "before it is written", "before it is taken up"):
        shutil.rmtree(wishing)
        shutil.copytree(kept, wishing)
        with monkeypatch.context() as patch:
            kill(patch, where)
            with pytest.raises(Killed):
                run(wishing)
        ends.append(run(wishing))
        assert offsets(wishing / "predictions.jsonl") == [place for place in range(EVENTS) if place != BAD_LINE]
    for end in ends[1:]:
        assert_same_state(end["pipeline"], ended["pipeline"])


def kill(patch: pytest.MonkeyPatch, where: str) -> None:
    write = CheckpointStore.write

    def dies(*_: Any, **__: Any) -> None:
        raise Killed

    def written(store: CheckpointStore, *args: Any, **options: Any) -> int:
        if store.rolled_back:
            raise Killed
        return write(store, *args, **options)

    if where == "before it is marked":
        patch.setattr(CheckpointStore, "_mark_rolled_back", dies)
    elif where == "before it is written":
        patch.setattr(CheckpointStore, "write", written)
    else:
        patch.setattr(CheckpointStore, "write_return", write_and_die)


def write_and_die(store: CheckpointStore, state: Any, summary: Any, *, returning_to: int, history: Any) -> None:
    store._mark_rolled_back(reason="budget", generation=returning_to, moved=[])
    store.write(state, summary, history=history)
    raise Killed


def test_killed_while_it_relearns_it_publishes_nothing_twice(stream: Path) -> None:
    for stop in (600, 1_200, 1_350, 1_420):
        with service_in(stream) as service:

            def relearns(service: Service = service, stop: int = stop) -> bool:
                return service.loop.answered.again and service.loop.pipeline.events >= stop

            service.run(stop=lambda: relearns() or service.loop.pipeline.events >= 2_000)
            again = service.loop.answered.again
        if not again:
            break
    state = run(stream)
    assert stages_in(state)["rollback"] == 1
    assert offsets(stream / "predictions.jsonl") == [place for place in range(EVENTS) if place != BAD_LINE]


def test_without_an_earlier_state_the_next_remedy_is_taken(
    stream: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(CheckpointStore, "newest_inside", lambda _: None)
    entered = stages_in(run(stream, remedies="[boost, rollback, freeze]"))
    assert (entered["rollback"], entered["freeze"] >= 1) == (1, True)
    assert "no checkpoint is kept from before" in capsys.readouterr().out


def test_where_the_stream_is_gone_the_next_remedy_is_taken(
    stream: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with service_in(stream, remedies="[boost, rollback, freeze]") as service:
        service.source.why_not_back_to = lambda _: "the file is another one now"  # type: ignore[attr-defined]
        service.run(stop=lambda: False)
    assert stages_in(state_in(stream))["freeze"] >= 1
    assert "the file is another one now" in capsys.readouterr().out
