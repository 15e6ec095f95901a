"""Whatever befalls state, group or broker: the position in the checkpoint wins, and nothing is skipped."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from daemon.commands.positions import positions
from daemon.state.checkpoints import CheckpointStore
from tests.end_to_end.plant import plant
from tests.end_to_end.small_plant import SmallPlant
from tests.kafka.bulk import load

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.launcher import Launcher
    from tests.kafka.broker import Broker

EVENTS = 600
ALL = [(0, offset) for offset in range(EVENTS)]


@pytest.fixture(scope="module")
def filled(mortal: Broker) -> str:
    """One topic for all tests here."""
    name = mortal.create_topic("stored-positions")
    load(mortal.bootstrap, name, plant(EVENTS))
    return name


@pytest.fixture
def learned(mortal: Broker, filled: str, launcher: Launcher, tmp_path: Path) -> SmallPlant:
    """A model that has learned all there is, with a group of its own."""
    made = SmallPlant(launcher, tmp_path / "plant", bootstrap=mortal.bootstrap, topic=filled, group=tmp_path.name)
    made.live_to(EVENTS)
    return made


def store(of: SmallPlant) -> CheckpointStore:
    return CheckpointStore(of.state, keep=20)


def choose(of: SmallPlant, what: str) -> str:
    """Run `retaind positions`, as the message says."""
    done = CliRunner().invoke(positions, [what, "-c", str(of.file)])
    assert done.exit_code == 0, done.output
    return done.output


def test_a_rollback_outlives_a_start_that_reaches_no_broker(mortal: Broker, learned: SmallPlant) -> None:
    generations = store(learned).generations()
    store(learned).rollback(generations[len(generations) // 2])
    with mortal.asleep(), learned.live() as daemon:
        daemon.until_said("restored")
        assert daemon.stop() == 0, daemon.log
    assert store(learned).rolled_back
    assert store(learned).generations()[-1] == generations[len(generations) // 2]  # so that it can be undone
    learned.live_to(EVENTS)
    assert learned.learned() == ALL
    assert not store(learned).rolled_back


def test_a_damaged_generation_costs_no_event_even_where_the_broker_is_away_at_first(
    mortal: Broker, learned: SmallPlant
) -> None:
    newest = store(learned).path(store(learned).generations()[-1]) / "state.safetensors"
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 1
    newest.write_bytes(content)
    mortal.kill()
    with learned.live() as daemon:
        daemon.until_said("started")
        daemon.kill()
    mortal.start()
    learned.live_to(EVENTS)
    assert learned.learned() == ALL


def test_a_state_restored_from_a_backup_learns_what_it_lacks(learned: SmallPlant) -> None:
    generations = store(learned).generations()
    for generation in generations[len(generations) // 2 :]:  # the backup has the older half, and no marker
        shutil.rmtree(store(learned).path(generation))
    learned.live_to(EVENTS)
    assert learned.learned() == ALL


def test_a_second_model_in_the_group_is_stopped_and_so_is_the_first_where_the_second_went_on(
    mortal: Broker, filled: str, learned: SmallPlant, launcher: Launcher, tmp_path: Path
) -> None:
    second = SmallPlant(
        launcher, tmp_path / "second", bootstrap=mortal.bootstrap, topic=filled, group=tmp_path.name
    )
    assert f"another model has committed offset 600 of {filled}/0 to this group" in second.refusal()
    second.configure(group=tmp_path.name, on_group_offsets="ignore")
    second.live_to(EVENTS)
    assert second.learned() == ALL
    generations = store(learned).generations()
    store(learned).rollback(generations[1])
    shutil.rmtree(learned.state / "checkpoints" / "discarded")
    (learned.state / "checkpoints" / "rolled_back.json").unlink()  # as of a backup
    reason = learned.refusal()
    assert "and another model has committed 600 to this group" in reason
    assert "set source.on_group_offsets to ignore, or run `retaind positions commit`, to go on at" in reason
    assert f"{filled}/0" in choose(learned, "commit")
    learned.live_to(EVENTS)
    assert learned.learned() == ALL


def test_an_empty_state_directory_does_not_begin_in_the_middle_unless_told(learned: SmallPlant) -> None:
    group = learned.directory.parent.name
    shutil.rmtree(learned.state)
    (learned.directory / "predictions.jsonl").unlink()
    assert "to take to begin there; or to ignore, or run `retaind positions clear`, to begin" in learned.refusal()
    learned.configure(group=group, on_group_offsets="take")
    with learned.live() as daemon:
        daemon.until(lambda: daemon.get("/readyz")[0] == 200)
        assert daemon.events() == 0
        assert daemon.stop() == 0
    learned.configure(group=group)
    shutil.rmtree(learned.state)
    assert "600" in choose(learned, "clear")
    learned.live_to(EVENTS)
    assert learned.learned() == ALL


def test_with_start_latest_a_kill_before_the_first_checkpoint_skips_nothing(
    mortal: Broker, launcher: Launcher, tmp_path: Path
) -> None:
    mortal.create_topic("start-latest")
    events = list(plant(300))
    load(mortal.bootstrap, "start-latest", events[:100])
    late = SmallPlant(
        launcher, tmp_path / "late", bootstrap=mortal.bootstrap, topic="start-latest", every=100_000, start="latest"
    )
    with late.live() as daemon:
        daemon.until(lambda: daemon.get("/readyz")[0] == 200)
        load(mortal.bootstrap, "start-latest", events[100:200])
        daemon.until_events(50)
        daemon.kill()
    load(mortal.bootstrap, "start-latest", events[200:])
    late.live_to(200)
    assert late.learned() == [(0, offset) for offset in range(100, 300)]
