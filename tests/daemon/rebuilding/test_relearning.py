"""What is relearned without a key is, bit for bit, what a daemon learns that never saw it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from connectors.memory_source import END, MemorySource
from connectors.record import LocalRecord
from daemon.rebuilding.rebuild import NothingToLeaveOutError, Rebuild
from daemon.service import Service
from daemon.state.audit_log import AuditLog
from daemon.state.checkpoints import CheckpointStore
from daemon.state.rebuild_plan import RebuildPlan, rebuild_directory
from daemon.state.rebuilt_offer import RebuiltOffer
from daemon.state.state_tree import copy_tree
from tests.daemon.erasure.planted import SUBJECT, config_of, planted, traces
from tests.daemon.lives import SMALL
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from daemon.config.schema import Config
    from daemon.rebuilding.comparison import Comparison

REPLAY = {"strategies": [{"type": "replay", "rows": 30}]}
CASES: dict[str, tuple[bool, dict[str, Any]]] = {
    "classes, a committee": (False, {"committee": {}, **REPLAY}),
    "numbers, histories": (True, {"features": {"lags": [{"field": "a", "steps": [1]}], "per_key": True}}),
    "the first events are looked at": (False, {"decoder": SMALL["decoder"] | {"first_events": 20}}),
    "labels from the stream": (
        True,
        {"label": {"from": "stream", "field": "a", "ahead": 9}, "features": {"label_lags": 2}},
    ),
    "two targets": (True, {"targets": [{"field": "a", "ahead": 3}, {"field": "b", "ahead": "5s"}]}),
}


class Quiet:
    """Hears how far it is, and may do something about it."""

    def __init__(self, passed: Callable[[Mapping[str, Any]], None] = lambda _: None) -> None:
        self.said: list[str] = []
        self.rounds: list[tuple[Any, Any]] = []
        self.passed = passed

    def round(self, at: Mapping[str, Any], *, until: Mapping[str, Any]) -> None:
        self.rounds.append((dict(at), dict(until)))

    def say(self, what: str) -> None:
        self.said.append(what)


class Died(BaseException):
    """The process died here."""


def without_subject(events: Sequence[LocalRecord]) -> list[LocalRecord]:
    return [event for event in events if event.key != SUBJECT]


def learned(config: Config, events: Sequence[LocalRecord], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Let a daemon learn events, and return the state that it leaves; the end of the stream is still to come."""
    source = MemorySource(events)
    monkeypatch.setattr("daemon.service.build_source", lambda _: source)
    with Service(config) as service:
        service.run(stop=lambda: source.snapshot()["at"] == len(events))
    return newest(config)


def newest(config: Config) -> dict[str, Any]:
    from pathlib import Path  # noqa: PLC0415 - here alone

    return copy_tree(CheckpointStore(Path(config.checkpoint.directory), keep=3).require_newest().saved.state)


def rebuilt(
    config: Config,
    events: Sequence[LocalRecord],
    monkeypatch: pytest.MonkeyPatch,
    *,
    keys: Sequence[bytes] = (SUBJECT,),
    shown: Quiet | None = None,
    **options: Any,
) -> Comparison:
    for where in ("relearning", "unaware", "downdating"):
        monkeypatch.setattr(f"daemon.rebuilding.{where}.build_source", lambda _: MemorySource([*events, END]))
    rebuilding = Rebuild(config, keys, by="a test", shown=shown or Quiet())
    return rebuilding.run(**{"begin": "unaware", "even_if_behind": True, **options})


@pytest.mark.parametrize("case", CASES)
def test_it_is_what_a_daemon_learns_that_never_saw_the_key(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers, sections = CASES[case]
    events = planted(numbers=numbers)
    config = config_of(tmp_path / "with", sections, numbers=numbers)
    before = learned(config, events, monkeypatch)
    rebuilt(config, events, monkeypatch)
    after = newest(config)
    never = config_of(tmp_path / "without", sections, numbers=numbers)
    expected = learned(never, without_subject(events), monkeypatch)
    assert_same_state(after["pipeline"], expected["pipeline"])
    assert after["source"] == before["source"]
    assert not rebuild_directory(tmp_path / "with").exists()
    assert traces(tmp_path / "with") == []


def test_a_process_that_dies_at_any_event_goes_on_to_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, events = config_of(tmp_path / "with", REPLAY), planted()
    learned(config, events, monkeypatch)

    def die_at(at: int) -> Callable[[Mapping[str, Any]], None]:
        def passed(snapshot: Mapping[str, Any]) -> None:
            if snapshot["at"] >= at:
                raise Died

        return passed

    shown = Quiet()
    for at in (20, 70, 130):
        with pytest.raises(Died):
            rebuilt(config, events, monkeypatch, shown=Quiet(die_at(at)))
    rebuilt(config, events, monkeypatch, shown=shown)
    assert shown.said[0] == "going on where the last one was stopped"
    assert shown.rounds[0][0]["at"] > 0
    never = config_of(tmp_path / "without", REPLAY)
    expected = learned(never, without_subject(events), monkeypatch)
    assert_same_state(newest(config)["pipeline"], expected["pipeline"])


def test_it_begins_with_the_newest_generation_that_never_saw_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = without_subject(planted(rows=400))[:180]
    late = LocalRecord("s", 0, 9_000, 1_700_000_400_000, SUBJECT, planted()[40].value, [])
    events.insert(150, late)
    config = config_of(tmp_path / "with", {**REPLAY, "decoder": SMALL["decoder"] | {"first_events": 1}})
    learned(config, events[:100], monkeypatch)
    early = CheckpointStore(tmp_path / "with", keep=3).newest()
    learned(config, events, monkeypatch)
    shown = Quiet()
    rebuilt(config, events, monkeypatch, shown=shown)
    assert f"it begins with generation {early}" in shown.said
    never = config_of(tmp_path / "without", {**REPLAY, "decoder": SMALL["decoder"] | {"first_events": 1}})
    expected = learned(never, without_subject(events), monkeypatch)
    assert_same_state(newest(config)["pipeline"], expected["pipeline"])


def test_keys_that_were_erased_before_are_known_by_their_digests_and_the_log_says_what_was_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from daemon.build.erasing import erase  # noqa: PLC0415 - here alone
    from daemon.state.erasure_request import ErasureRequest  # noqa: PLC0415

    config, events = config_of(tmp_path / "with", REPLAY), planted()
    learned(config, events, monkeypatch)
    with pytest.raises(NothingToLeaveOutError):
        rebuilt(config, events, monkeypatch, keys=())
    erase(config, CheckpointStore(tmp_path / "with", keep=3), ErasureRequest((SUBJECT,), by="a test"))
    told = rebuilt(config, events, monkeypatch, keys=())
    expected = learned(config_of(tmp_path / "without", REPLAY), without_subject(events), monkeypatch)
    assert_same_state(newest(config)["pipeline"], expected["pipeline"])
    erased, entry = AuditLog(tmp_path / "with").verify()[0]
    assert (entry["what"], entry["keys"], entry["by"]) == ("rebuild", erased["keys"], "a test")
    assert (entry["events"], entry["generations_removed"]) == (told.events, [erased["generation"]])


def test_one_that_is_behind_does_not_take_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config, events = config_of(tmp_path / "with", REPLAY), planted()
    before = learned(config, events, monkeypatch)
    monkeypatch.setattr("daemon.rebuilding.comparison.LEVEL_DEVIATIONS", float("-inf"))
    monkeypatch.setattr("daemon.scoring.lead.Lead.lead", -0.5)
    assert not rebuilt(config, events, monkeypatch, even_if_behind=False).is_level
    assert_same_state(newest(config), before)
    assert RebuildPlan.kept(tmp_path / "with") is not None
    assert RebuiltOffer.pending(tmp_path / "with") is None
    monkeypatch.undo()
    assert rebuilt(config, events, monkeypatch, even_if_behind=False).leads[""] is not None


def test_the_newest_events_of_both_are_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config, events = config_of(tmp_path / "with", REPLAY), planted()
    learned(config, events, monkeypatch)
    lead = rebuilt(config, events, monkeypatch).leads[""]
    assert lead is not None
    window = json.loads(json.dumps(SMALL["retention"]))["window"]
    assert window - 10 < lead.rows <= window
