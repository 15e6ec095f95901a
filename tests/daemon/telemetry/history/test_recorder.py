"""What is remembered of a real daemon's life."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from daemon.service import Service
from daemon.telemetry.history.recorder import Recorder
from daemon.telemetry.snapshot import Snapshot
from tests.daemon.event_stream import Stretch, events
from tests.daemon.lives import small_config

if TYPE_CHECKING:
    from pathlib import Path

    from daemon.config.schema import Config

SEGMENT = 120


@pytest.fixture
def config(tmp_path: Path) -> Config:
    path = tmp_path / "stream.jsonl"
    stretches = [Stretch("P", SEGMENT), Stretch("Q", SEGMENT), Stretch("P", SEGMENT)]
    lines = [event.value or b"" for event in events(stretches, seed=1)]
    lines[7] = b"no JSON"
    path.write_bytes(b"\n".join(lines) + b"\n")
    return small_config(tmp_path, source={"type": "file", "path": str(path)}, http={"port": 0})


def history(service: Service) -> dict[str, Any]:
    answer: dict[str, Any] = _get(service, "/page/history")
    return answer


def status(service: Service) -> dict[str, Any]:
    answer: dict[str, Any] = _get(service, "/status")
    return answer


def _get(service: Service, path: str) -> Any:
    # The process that answers is started by who asks first, and the machine may be busy.
    return httpx.get(f"{service.http.address}{path}", trust_env=False, timeout=60).json()


def never() -> bool:
    return False


def test_curves_boundaries_and_notes_of_a_whole_run(config: Config) -> None:
    with Service(config) as service:
        service.run(stop=never)
        shown, now = history(service), status(service)
    assert shown["tasks"] == now["tasks"] == ["P", "Q"]
    assert shown["learners"].keys() == {"main", "naive", "frozen"}
    boundaries = shown["learners"]["main"]["boundaries"]
    assert [shown["tasks"][task] for task in boundaries["task"]] == ["P", "Q"]
    matrix = now["retention"]["matrix"]
    for row, scores in zip(boundaries["number"], boundaries["scores"], strict=True):
        known = {task: score for task, score in zip(shown["tasks"], scores, strict=True) if score is not None}
        assert known == pytest.approx(matrix[str(row)], abs=1e-4)
    curve = shown["learners"]["main"]["curve"]
    assert curve["events"] == sorted(curve["events"])
    assert curve["events"][-1] == now["retention"]["events"]
    texts = [note["text"] for note in shown["notes"]]
    assert "Kept as dead letter: undecodable (decode)" in texts
    assert {note["kind"] for note in shown["notes"]} >= {"ready", "boundary", "checkpoint", "rejected"}
    assert sum(now["buffers"]["replay"].values()) == now["strategies"]["replay"]["buffer_rows"]


def test_a_restart_shows_all_that_was_shown_before_and_calls_none_of_it_news(config: Config) -> None:
    with Service(config) as service:
        service.run(stop=never)
        before = history(service)
    with Service(config) as service:
        service.run(stop=never)
        after = history(service)
    for name, of in before["learners"].items():
        assert after["learners"][name]["boundaries"] == of["boundaries"]
        assert after["learners"][name]["curve"]["scores"] == of["curve"]["scores"]
        assert len(of["curve"]["events"]) > len(of["boundaries"]["events"])
    # How many checkpoints there were time for depends on the disk.
    saved = next(note["text"] for note in before["notes"] if note["kind"] == "checkpoint").partition(":")[0]
    assert f"Started from {saved.lower()}" in [note["text"] for note in after["notes"]]
    boundaries = [[note for note in told["notes"] if note["kind"] == "boundary"] for told in (before, after)]
    assert boundaries[0] == boundaries[1] != []
    assert after["stream"]["at"][: len(before["stream"]["at"])] == before["stream"]["at"]


def test_the_json_is_made_once_for_all_who_ask_between_two_moments(config: Config) -> None:
    with Service(config) as service:
        service.run(stop=never)
        history = service._history
        first = history.json()
        assert history.json() is first
        history.add(Snapshot(0.0, service.loop.pipeline.snapshot(), service.source.status()))
        assert history.json() is not first


def test_a_secret_in_the_name_of_a_task_is_redacted(config: Config) -> None:
    history = Recorder()
    with Service(config) as service:
        service.run(stop=never)
        service.loop.pipeline._tasks.names._name[1] = "http://me:hunter2@host/"
        history.add(Snapshot(0.0, service.loop.pipeline.snapshot(), service.source.status()))
    assert "hunter2" not in history.json()
    assert json.loads(history.json())["tasks"][1] == "http://me:[redacted]@host/"
