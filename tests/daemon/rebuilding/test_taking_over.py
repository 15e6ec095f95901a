"""What was rebuilt takes over at once or not at all, whoever dies, and nothing is published twice."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from connectors.memory_source import MemorySource
from daemon.build.load import load
from daemon.config.errors import ConfigError
from daemon.rebuilding.rebuild import Rebuild
from daemon.service import Service
from daemon.state.audit_log import AuditLog
from daemon.state.checkpoints import CheckpointStore
from daemon.state.erasure_request import ErasureRequest
from daemon.state.rebuild_plan import RebuildPlan, rebuild_directory
from daemon.state.rebuilt_offer import RebuiltOffer
from tests.daemon.dead_letters.killed import killed, run
from tests.daemon.erasure.planted import ROWS, SUBJECT, config_of, planted, traces
from tests.daemon.erasure.test_killed_while_erasing import events, of_file
from tests.daemon.rebuilding.test_relearning import REPLAY, Quiet, learned, newest, rebuilt
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from pathlib import Path

STEPS: tuple[tuple[tuple[Any, str], int, bool], ...] = (
    ((RebuildPlan, "keep"), 1, True),
    ((CheckpointStore, "write"), 1, True),
    ((CheckpointStore, "write"), 2, False),
    ((RebuiltOffer, "make"), 1, False),
    ((RebuiltOffer, "make"), 1, True),
    ((ErasureRequest, "begin"), 1, True),
    ((CheckpointStore, "remove_all_but"), 1, True),
    ((AuditLog, "append"), 2, False),
    ((AuditLog, "append"), 2, True),
    ((RebuiltOffer, "done"), 1, False),
)


def test_the_command_is_killed_at_any_step_and_the_daemon_ends_where_it_would_have(tmp_path: Path) -> None:
    config = of_file(tmp_path)
    with config.open("a") as file:
        file.write(f'predictions: {{type: file, path: "{tmp_path}/predictions.jsonl"}}\n')
    with Service(load(config)) as service:
        service.run(stop=lambda: False)
    before = tmp_path / "before"
    shutil.copytree(tmp_path / "state", before)
    letters = (tmp_path / "dead.jsonl").read_bytes()
    command = ("rebuild", "--key", SUBJECT.decode(), "-c", str(config), "--untrained", "--even-if-behind")
    states = []
    for step in (None, *STEPS):
        shutil.rmtree(tmp_path / "state")
        shutil.copytree(before, tmp_path / "state")
        (tmp_path / "dead.jsonl").write_bytes(letters)
        if step is not None:
            at, call, after = step
            assert killed(*command, at=at, call=call, after=after), step
        if RebuiltOffer.pending(tmp_path / "state") is None and rebuild_directory(tmp_path / "state").exists():
            code, said = run(*command)
            assert code == 0, said
            assert ("going on where" in said) == (step is not None)
        elif step is None:
            code, said = run(*command)
            assert code == 0, said
        with Service(load(config)) as service:
            service.run(stop=lambda: True)
        assert RebuiltOffer.pending(tmp_path / "state") is None, step
        assert ErasureRequest.pending(tmp_path / "state") is None, step
        assert not rebuild_directory(tmp_path / "state").exists(), step
        assert traces(tmp_path / "state") == [], step
        assert SUBJECT not in (tmp_path / "dead.jsonl").read_bytes()
        assert "rebuild" in {each["what"] for each in AuditLog(tmp_path / "state").verify()[0]}
        states.append(newest(load(config)))
    assert states[0]["pipeline"]["main_learner"]["events"] == sum(
        value.startswith(b"{") and SUBJECT not in value for value in events()
    )
    for state in states[1:]:
        assert_same_state(state["pipeline"], states[0]["pipeline"])


def test_a_daemon_that_runs_takes_it_over_between_two_turns_and_answers_each_event_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, published = tmp_path / "with", tmp_path / "predictions.jsonl"
    sections = {**REPLAY, "predictions": {"type": "file", "path": str(published)}}
    config, stream = config_of(directory, sections), planted()
    source = MemorySource(stream, poll_sizes=(20,))
    monkeypatch.setattr("daemon.service.build_source", lambda _: source)
    with Service(config) as service:
        while source.snapshot()["at"] < 120:
            service.turn()
        service.loop.save()
        for where in ("relearning", "unaware"):
            monkeypatch.setattr(f"daemon.rebuilding.{where}.build_source", lambda _: MemorySource(stream))
        rebuilding = Rebuild(config, [SUBJECT], by="a test", shown=Quiet())
        told = rebuilding.run(begin="unaware", even_if_behind=True, sleep=lambda _: service.turn() and None)
        assert told.events == sum(each.key != SUBJECT for each in stream[:120] if each.offset != 65)
        assert service.loop.answered.again
        while source.snapshot()["at"] < ROWS or service.loop.answered.again:
            service.turn()
        service.loop.save()
    offsets = [json.loads(line)["offset"] for line in published.read_text().splitlines()]
    assert sorted(offsets) == [place for place in range(ROWS) if place not in {65, 197}]
    after = newest(config)
    late = [each for each in stream if each.key != SUBJECT or each.offset >= 120]
    expected = learned(config_of(tmp_path / "without", sections), late, monkeypatch)
    assert_same_state(after["pipeline"], expected["pipeline"])
    [_, entry] = AuditLog(directory).verify()[0]
    assert (entry["what"], len(entry["keys"])) == ("rebuild", 1)


def test_a_daemon_whose_source_has_lost_what_lies_between_refuses_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, stream = config_of(tmp_path / "with", REPLAY), planted()
    source = MemorySource(stream, poll_sizes=(20,))
    monkeypatch.setattr("daemon.service.build_source", lambda _: source)
    monkeypatch.setattr(source, "why_not_back_to", lambda _: "the log begins later by now")
    with Service(config) as service:
        while source.snapshot()["at"] < 120:
            service.turn()
        service.loop.save()
        with pytest.raises(Exception, match="the running daemon has refused"):
            rebuilt(config, stream, monkeypatch, sleep=lambda _: service.turn() and None)
        events_then = service.loop.pipeline.events
        assert events_then > 120
        service.turn()
        assert service.loop.pipeline.events >= events_then
    assert RebuiltOffer.pending(tmp_path / "with") is None
    assert newest(config)["pipeline"]["main_learner"]["events"] >= 119


def test_what_was_rebuilt_for_another_configuration_is_refused_and_the_daemon_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, stream = config_of(tmp_path / "with", REPLAY), planted()
    before = learned(config, stream, monkeypatch)
    other = config_of(tmp_path / "with", {**REPLAY, "label": {"max_classes": 5}})
    monkeypatch.setattr("daemon.rebuilding.rebuild.take_over", lambda *_: None)
    with pytest.raises(ConfigError, match="does not fit"):
        rebuilt(other, stream, monkeypatch)
    RebuiltOffer((), by="a test", told={}).make(tmp_path / "with")
    assert_same_state(learned(config, stream, monkeypatch), before)
    assert RebuiltOffer.pending(tmp_path / "with") is None
