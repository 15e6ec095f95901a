"""What the page showed goes with every checkpoint, and nothing depends on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from typer.testing import CliRunner

from daemon.build.promotion import promote
from daemon.cli import app
from daemon.service import Service
from daemon.state.checkpoints import CheckpointStore
from daemon.state.manifest import HISTORY
from daemon.state.sealed_json import sealed
from daemon.state.state_error import DamagedError
from daemon.telemetry.history.saved import SavedHistory, read_history
from tests.daemon.event_stream import Stretch, json_lines
from tests.daemon.lives import small_config
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from daemon.config.schema import Config

EVERYWHERE = {"every_blocks": 1, "every_examinations": 1}


def never() -> bool:
    return False


def configured(directory: Path, **sections: Any) -> Config:
    directory.mkdir(exist_ok=True)
    stream = directory / "stream.jsonl"
    stream.write_bytes(json_lines([Stretch("P", 600), Stretch("Q", 600), Stretch("P", 900)]))
    return small_config(
        directory,
        **{
            "source": {"type": "file", "path": str(stream)},
            "companions": {"naive": EVERYWHERE},
            "checkpoint": {"directory": str(directory), "keep": 50, "every_events": 20, "every_seconds": 1e9},
            "http": {"port": 0},
        }
        | sections,
    )


def run(config: Config, *, until: int | None = None) -> dict[str, Any]:
    """Live until so many events are learned; return what the page shows then."""
    with Service(config) as service:
        service.run(stop=never if until is None else lambda: service.loop.pipeline.events >= until)
        shown: dict[str, Any] = json.loads(service._history.json())
    return shown


def curve(shown: dict[str, Any], learner: str = "main") -> dict[str, Any]:
    found: dict[str, Any] = shown["learners"][learner]["curve"]
    return found


def store_of(config: Config) -> CheckpointStore:
    return CheckpointStore(Path(config.checkpoint.directory), keep=50)


def newest_file(store: CheckpointStore) -> Path:
    return store.path(store.generations()[-1]) / HISTORY


def test_a_run_in_many_lives_shows_the_curves_of_a_run_in_one(tmp_path: Path) -> None:
    whole = run(configured(tmp_path / "whole"))
    parts = configured(tmp_path / "parts")
    for events in (50, 300, 700, 1_300):
        run(parts, until=events)
    shown = run(parts)
    for learner in ("main", "naive"):
        assert curve(shown, learner) == curve(whole, learner)
        between = set(curve(shown, learner)["events"]) - set(shown["learners"][learner]["boundaries"]["events"])
        assert len(between) > 5
    started = [note["text"] for note in shown["notes"] if note["text"].startswith("Started from generation")]
    assert len(started) == 4


def test_what_is_kept_with_the_state_changes_nothing_of_it(tmp_path: Path) -> None:
    config = configured(tmp_path / "with")
    run(config, until=700)
    run(config)
    without = configured(tmp_path / "without")
    run(without, until=700)
    for generation in store_of(without).generations():
        (store_of(without).path(generation) / HISTORY).unlink(missing_ok=True)
    run(without)
    states = [store_of(each).load(store_of(each).generations()[-1]).state["pipeline"] for each in (config, without)]
    assert_same_state(*states)


def test_a_checkpoint_of_an_earlier_version_has_boundaries_alone(tmp_path: Path) -> None:
    config = configured(tmp_path)
    before = run(config, until=1_300)
    newest_file(store_of(config)).unlink()
    with capture_logs() as logs:
        after = run(config)
    assert not [entry for entry in logs if entry["log_level"] == "warning"]
    ended = before["learners"]["main"]["boundaries"]["events"]
    assert [events for events in curve(after)["events"] if events <= ended[-1]] == ended


@pytest.mark.parametrize("content", [b"", b"{}\n", b'{"format":1', sealed('{"format":2}'), sealed('{"format":1}')])
def test_a_damaged_history_is_ignored_with_a_warning(tmp_path: Path, content: bytes) -> None:
    config = configured(tmp_path)
    run(config, until=1_300)
    path = newest_file(store_of(config))
    path.write_bytes(content)
    with capture_logs() as logs:
        shown = run(config)
    warnings = [entry for entry in logs if entry["log_level"] == "warning"]
    assert [entry["event"] for entry in warnings] == ["run history ignored"]
    assert str(path) in warnings[0]["problem"]
    assert curve(shown)["events"]
    assert read_history(store_of(config), store_of(config).generations()[-1]) is not None


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Config:
    config = configured(tmp_path_factory.mktemp("learned"))
    run(config)
    return config


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_any_flipped_bit_or_missing_end_is_found_and_costs_no_state(learned: Config, data: st.DataObject) -> None:
    store = store_of(learned)
    generation = store.generations()[-1]
    path = store.path(generation) / HISTORY
    content = path.read_bytes()
    place = data.draw(st.integers(0, len(content) - 1), label="place")
    bit = data.draw(st.integers(0, 8), label="bit, or 8 to cut")
    changed = content[:place] + bytes([content[place] ^ (1 << bit % 8)]) + content[place + 1 :]
    path.write_bytes(content[:place] if bit == 8 else changed)
    try:
        with pytest.raises(DamagedError, match=HISTORY):
            read_history(store, generation)
        recovered = store.load_newest()
        assert recovered is not None
        assert (recovered.saved.generation, recovered.damaged) == (generation, ())
    finally:
        path.write_bytes(content)


@pytest.mark.parametrize(
    "change",
    [
        {"width": 1},
        {"codes": [0, 999]},
        {"codes": [-1, 0]},
        {"samples": {"at": [1.0], "rate": [], "lag": []}},
        {"stretches": {"start": [], "stop": [], "seconds": [], "events": [], "lag": [1]}},
        {"curves": {"main": {"boundary": [0], "events": [1], "task": [0], "scores": []}}},
        {"curves": {"main": {"boundary": [0, 0], "events": [2, 1], "task": [0, 0], "scores": [[1, 1], [1, 1]]}}},
        {"curves": {"main": {"boundary": [0], "events": [1], "task": [0], "scores": [["1", None]]}}},
    ],
)
def test_what_does_not_fit_together_is_damage_whatever_its_checksum_says(
    learned: Config, change: dict[str, Any]
) -> None:
    store = store_of(learned)
    generation = store.generations()[-1]
    path = store.path(generation) / HISTORY
    content = path.read_bytes()
    path.write_bytes(sealed(json.dumps(store.history(generation) | change)))  # type: ignore[operator]
    try:
        with pytest.raises(DamagedError, match="is not a history of this version"):
            read_history(store, generation)
    finally:
        path.write_bytes(content)


def test_what_a_later_version_adds_is_left_out(learned: Config) -> None:
    document = store_of(learned).history(store_of(learned).generations()[-1])
    assert document is not None
    note = {"kind": "eclipse", "at": 1.0, "text": "dark", "count": 1}
    past = SavedHistory.model_validate(document | {"weather": "fine", "notes": [note, *document["notes"]]})
    assert len(past.noted()) == len(document["notes"])


def test_a_rollback_takes_the_curves_back_too(tmp_path: Path) -> None:
    config = configured(tmp_path)
    run(config)
    store = store_of(config)
    chosen = next(each for each in store.generations() if store.load(each).summary["events"] >= 700)
    events = store.load(chosen).summary["events"]
    arguments = ["checkpoint", "rollback", str(chosen), "--directory", str(tmp_path), "--yes"]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    past = read_history(store, chosen)
    assert past is not None
    shown = run(config, until=events)
    assert max(curve(shown)["events"]) <= events
    ended = [note["text"] for note in shown["notes"] if note["kind"] == "boundary"]
    assert ended == [note.text for note in reversed(past.noted()) if note.kind == "boundary"]


def test_verify_tells_of_a_damaged_one_and_that_no_state_is_lost(tmp_path: Path) -> None:
    config = configured(tmp_path)
    run(config)
    verify = ["checkpoint", "verify", "--directory", str(tmp_path)]
    assert CliRunner().invoke(app, verify).exit_code == 0
    path = newest_file(store_of(config))
    path.write_bytes(path.read_bytes()[:-9])
    told = CliRunner().invoke(app, verify)
    assert told.exit_code == 74
    assert f"{path} does not match its own checksum" in told.stderr
    assert "the state is whole" in told.stderr


def test_learners_that_change_places_take_their_curves_along(tmp_path: Path) -> None:
    challenger = {"strategies": []}
    config = configured(tmp_path, companions={"challenger": challenger})
    before = run(config)
    store = store_of(config)
    past = read_history(store, promote(config, store))
    assert past is not None
    assert past.curves["main"].events == curve(before, "challenger")["events"]
    assert past.curves["challenger"].scores == curve(before)["scores"]
    assert past.curves["main"].scores == curve(before, "challenger")["scores"]
    assert past.curves["main"].scores != past.curves["challenger"].scores
