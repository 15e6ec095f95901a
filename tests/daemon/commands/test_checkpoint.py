from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner, Result

from daemon.commands.checkpoint import checkpoint
from daemon.process.version import retaind_version
from daemon.state.checkpoints import CheckpointStore
from daemon.state.layout import LAYOUT
from daemon.state.sealed_json import sealed
from daemon.state.state_lock import StateLock

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests/daemon/state/golden"
CONFIGURATION = """\
name: plant
source: {{type: kafka, bootstrap_servers: "localhost:9092", topics: [plant]}}
decoder: {{type: json, label: fault}}
label: {{type: class, max_classes: 6}}
model: {{type: mlp}}
optimizer: {{type: adam}}
checkpoint: {{directory: {directory}}}
"""


@pytest.fixture
def store(tmp_path: Path) -> CheckpointStore:
    store = CheckpointStore(tmp_path, keep=5, clock=lambda: 1_790_000_000)
    for step in (1, 2, 3):
        state = {
            "learner": {"parameters": torch.zeros(2, 3), "loss": float("nan"), "classes": ["a", "b"]},
            "replay": {"rows": np.zeros((4, 5), np.uint8), "nothing": {}, "parts": [{"n": 1}]},
            "many": {f"key {number:03d}": number for number in range(60)},
            "odd\x1b[31m": "\x1b[31m" + "x" * 100,
            "source": {"plant-0": 100 * step},
        }
        store.write(state, {"step": step, "events": 1000 * step})
    return store


def run(store: CheckpointStore, *words: str, answer: str = "") -> Result:
    arguments = [*words, "--directory", str(store.directory.parent)]
    return CliRunner().invoke(checkpoint, arguments, input=answer, env={"COLUMNS": "200"})


def damage(store: CheckpointStore, generation: int) -> None:
    path = store.path(generation) / "state.safetensors"
    path.write_bytes(path.read_bytes()[:-1])


def test_list_shows_every_generation_and_says_what_is_damaged(store: CheckpointStore) -> None:
    damage(store, 2)
    result = run(store, "list")
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0] == ["generation", "time", "events", "step", "bytes", "ok"]
    assert lines[1][:4] == ["1", "2026-09-21T14:13:20+00:00", "1,000", "1"]
    assert [(line[0], line[-1]) for line in lines[1:]] == [("1", "yes"), ("2", "no"), ("3", "yes")]
    assert "generation 2: " in result.stderr
    assert result.exit_code == 0


def test_inspect_shows_the_form_of_every_part_and_the_positions(store: CheckpointStore) -> None:
    shown = run(store, "inspect", "2").stdout
    assert shown.startswith("generation 2, 2026-09-21T14:13:20+00:00, retaind ")
    assert '"plant-0": 200' in shown
    for line in (
        "parameters: F32 (2, 3) 24 bytes",
        "rows: U8 (4, 5) 20 bytes",
        "loss: nan",
        "classes: list of 2: ['a', 'b']",
        "nothing: empty",
        "n: 1",
        "key 049: 49",
        "and 10 more",
        "xxx...",
    ):
        assert f"─ {line}\n" in shown or f"{line}\n" in shown
    assert "\x1b" not in shown


def test_inspect_takes_the_newest_generation_by_default(store: CheckpointStore) -> None:
    assert run(store, "inspect").stdout.startswith("generation 3,")


def test_verify_exits_74_where_any_generation_is_damaged(store: CheckpointStore) -> None:
    good = run(store, "verify")
    assert (good.exit_code, "3 generations" in good.stdout, "all good" in good.stdout) == (0, True, True)
    damage(store, 1)
    bad = run(store, "verify")
    assert bad.exit_code == 74
    assert "state.safetensors has" in bad.stderr
    assert "1 of 3 generations" in bad.stderr


def rewrite(store: CheckpointStore, generation: int, **fields: Any) -> None:
    """Change a manifest, and its checksum with it."""
    path = store.path(generation) / "manifest.json"
    known = json.loads(path.read_bytes())
    del known["sha256"]
    path.write_bytes(sealed(json.dumps(known | fields)))


def test_verify_tells_which_release_wrote_each_generation_and_what_is_to_be_migrated(
    store: CheckpointStore,
) -> None:
    rewrite(store, 1, retaind="0.0.9", layout={**LAYOUT, "learner": 1})
    lines = run(store, "verify").stdout.splitlines()
    assert lines[0] == "generation 1: whole, written by retaind 0.0.9; is migrated when read: learner 1"
    assert lines[1] == f"generation 2: whole, written by retaind {retaind_version()}"


def test_verify_names_the_later_release_whose_state_this_one_does_not_know(store: CheckpointStore) -> None:
    rewrite(store, 3, retaind="9.0", layout={**LAYOUT, "learner": 99})
    told = run(store, "verify")
    assert told.exit_code == 74
    assert "generation 3: the state was written by retaind 9.0" in told.stderr
    assert "the layout of its learner 99" in told.stderr
    assert "damaged" not in told.stderr


def test_rollback_asks_and_does_nothing_without_a_yes(store: CheckpointStore) -> None:
    result = run(store, "rollback", "1", answer="n\n")
    assert "Move 2 newer generations" in result.output
    assert result.exit_code == 1
    assert store.generations() == [1, 2, 3]


def test_rollback_moves_the_newer_generations_aside(store: CheckpointStore) -> None:
    result = run(store, "rollback", "1", "--yes")
    assert "generation 1 is the newest: moved 2, 3 to" in result.stdout
    assert store.generations() == [1]
    found = store.load_newest()
    assert found is not None
    assert found.rolled_back


def test_a_rollback_can_be_undone(store: CheckpointStore) -> None:
    nothing = run(store, "undo-rollback")
    assert nothing.exit_code == 74
    assert "there is no rollback to undo" in nothing.stderr
    run(store, "rollback", "1", "--yes")
    assert "generation 3 is the newest: put back 2, 3" in run(store, "undo-rollback").stdout
    assert store.generations() == [1, 2, 3]


def test_rollback_is_refused_while_a_daemon_runs(store: CheckpointStore) -> None:
    with StateLock(store.directory.parent):
        result = run(store, "rollback", "1", "--yes")
    assert result.exit_code == 74
    assert "is in use by process" in result.stderr
    assert store.generations() == [1, 2, 3]


def test_a_generation_that_does_not_exist_is_an_error_that_names_those_that_do(store: CheckpointStore) -> None:
    result = run(store, "rollback", "7", "--yes")
    assert result.exit_code == 74
    assert "there is no generation 7" in result.stderr
    assert "there are: 1, 2, 3" in result.stderr


def test_a_directory_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    result = CliRunner().invoke(checkpoint, ["list", "--directory", str(tmp_path / "none")])
    assert result.exit_code == 74
    assert "is not a directory" in result.stderr
    assert not (tmp_path / "none").exists()


def test_the_directory_is_taken_from_the_configuration(store: CheckpointStore, tmp_path: Path) -> None:
    file = tmp_path / "plant.yaml"
    file.write_text(CONFIGURATION.format(directory=store.directory.parent))
    result = CliRunner().invoke(checkpoint, ["verify", "-c", str(file)])
    assert "3 generations" in result.stdout


def test_one_of_the_two_ways_to_name_the_directory_is_needed() -> None:
    result = CliRunner().invoke(checkpoint, ["list"])
    assert result.exit_code == 2
    assert "give either -c CONFIG or --directory DIR" in result.stderr


def test_help_does_not_wait_for_torch() -> None:
    code = "import sys, daemon.commands.checkpoint; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize("named", ["state.safetensors", "manifest.json", "history.json"])
def test_verify_misses_any_file_of_a_generation(store: CheckpointStore, named: str) -> None:
    store.write({"source": {}}, {"step": 4, "events": 4000}, history='{"notes":[]}')
    assert run(store, "verify").exit_code == 0
    (store.path(4) / named).unlink()
    result = run(store, "verify")
    assert result.exit_code == 74
    assert named in result.output


@pytest.mark.parametrize("run_of", ["pipeline-1/classes", "learner-2/classes"])
def test_verify_misses_the_history_of_a_generation_of_an_earlier_release(run_of: str, tmp_path: Path) -> None:
    """Its manifest does not name it: ``chronicle.json`` of the first layout, ``history.json`` of the next."""
    shutil.copytree(GOLDEN / run_of / "then", tmp_path / "state")
    old = CheckpointStore(tmp_path / "state", keep=1)
    assert run(old, "verify").exit_code == 0
    for name in ("chronicle.json", "history.json"):
        (old.path(old.newest()) / name).unlink(missing_ok=True)
    result = run(old, "verify")
    assert result.exit_code == 74
    assert "history.json is missing: the state is whole" in " ".join(result.output.split())
