from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.state.checkpoints import CheckpointStore, Recovered
from daemon.state.state_error import DamagedError, StateError
from tests.daemon.identical import identical

ROOT = Path(__file__).parents[2]


def state_at(step: int) -> dict[str, Any]:
    return {
        "learner": {"parameters": torch.full((50,), float(step)), "step": step},
        "replay": {"rows": np.full((4, 3), step % 256, np.uint8), "generator": np.random.PCG64(step).state},
        "source": {"plant-0": step * 100},
        "worst": float("-inf"),
    }


def filled(directory: Path, generations: int = 3, keep: int = 3) -> CheckpointStore:
    store = CheckpointStore(directory, keep=keep, clock=lambda: 1_790_000_000.5)
    for step in range(1, generations + 1):
        store.write(state_at(step), {"step": step, "loss": float("nan")})
    return store


def recovered(directory: Path) -> Recovered:
    found = CheckpointStore(directory, keep=3).load_newest()
    assert found is not None
    return found


def names(directory: Path) -> set[str]:
    return {entry.name for entry in directory.iterdir()}


def test_an_empty_directory_has_no_checkpoint(tmp_path: Path) -> None:
    assert CheckpointStore(tmp_path / "new", keep=3).load_newest() is None
    assert names(tmp_path) == set()


def test_what_is_written_is_what_is_loaded(tmp_path: Path) -> None:
    filled(tmp_path)
    found = recovered(tmp_path)
    assert identical(found.saved.state, state_at(3))
    assert (found.saved.generation, found.saved.created) == (3, 1_790_000_000.5)
    assert found.saved.bytes == (CheckpointStore(tmp_path, keep=3).path(3) / "state.safetensors").stat().st_size
    assert identical(found.saved.summary, {"step": 3, "loss": float("nan")})
    assert (found.rolled_back, found.damaged) == (False, ())


def test_only_the_newest_generations_are_kept_and_any_of_them_can_be_loaded(tmp_path: Path) -> None:
    store = filled(tmp_path, generations=5, keep=2)
    assert store.generations() == [4, 5]
    assert identical(store.load(4).state, state_at(4))
    assert names(store.directory) == {"000000000004", "000000000005"}
    with pytest.raises(StateError, match=r"no generation 3 .* there are: 4, 5"):
        store.load(3)


def test_the_checksums_are_those_of_common_tools(tmp_path: Path) -> None:
    store = filled(tmp_path)
    manifest = json.loads((store.path(3) / "manifest.json").read_bytes())
    tensors = (store.path(3) / "state.safetensors").read_bytes()
    part = {"bytes": len(tensors), "sha256": hashlib.sha256(tensors).hexdigest()}
    assert manifest["parts"] == {"state.safetensors": part}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("whole")
    filled(directory)
    return directory


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
@given(name=st.sampled_from(["state.safetensors", "manifest.json"]), data=st.data())
def test_any_flipped_bit_or_missing_end_is_found_and_the_older_generation_is_taken(
    whole: Path, name: str, data: st.DataObject
) -> None:
    path = whole / "checkpoints" / "000000000003" / name
    content = path.read_bytes()
    place = data.draw(st.integers(0, len(content) - 1), label="place")
    bit = data.draw(st.integers(0, 8), label="bit, or 8 to cut")
    changed = content[:place] + bytes([content[place] ^ (1 << bit % 8)]) + content[place + 1 :]
    path.write_bytes(content[:place] if bit == 8 else changed)
    try:
        found = recovered(whole)
        assert identical(found.saved.state, state_at(2))
        assert [item.generation for item in found.damaged] == [3]
        assert str(path) in found.damaged[0].problem
        assert found.rolled_back  # the group may have committed generation 3's positions
    finally:
        path.write_bytes(content)


@pytest.mark.parametrize("name", ["state.safetensors", "manifest.json"])
def test_a_missing_file_is_damage(tmp_path: Path, name: str) -> None:
    store = filled(tmp_path)
    (store.path(3) / name).unlink()
    with pytest.raises(DamagedError, match=f"{name} cannot be read: No such file"):
        store.verify(3)
    assert recovered(tmp_path).saved.generation == 2


def test_a_generation_under_another_number_is_damage(tmp_path: Path) -> None:
    store = filled(tmp_path)
    shutil.copytree(store.path(1), store.path(9))
    with pytest.raises(DamagedError, match="holds generation 1"):
        store.load(9)


def test_nothing_begins_anew_silently_where_all_are_damaged(tmp_path: Path) -> None:
    store = filled(tmp_path, generations=2)
    for generation in (1, 2):
        (store.path(generation) / "manifest.json").write_text("{}")
    with pytest.raises(StateError, match=r"no checkpoint in .* can be used: .*002.*001.*restore one from a backup"):
        store.load_newest()


def test_a_damaged_generation_costs_no_good_one_its_place(tmp_path: Path) -> None:
    store = filled(tmp_path)
    (store.path(3) / "manifest.json").write_text("{}")
    store.load_newest()
    assert [store.write(state_at(step), {}) for step in (4, 5)] == [4, 5]
    assert store.generations() == [2, 3, 4, 5]
    store.write(state_at(6), {})
    assert store.generations() == [4, 5, 6]


def test_a_damaged_generation_costs_no_good_one_its_place_in_later_processes_either(tmp_path: Path) -> None:
    store = filled(tmp_path)
    (store.path(3) / "manifest.json").write_text("{}")
    for step in (4, 5):
        store = CheckpointStore(tmp_path, keep=3)
        found = store.load_newest()
        assert found is not None
        assert found.saved.generation == (2 if step == 4 else 4)
        store.write(state_at(step), {})
    assert store.generations() == [2, 3, 4, 5]


def test_what_a_rollback_sets_aside_is_on_the_disk_when_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled(tmp_path)
    synced: list[tuple[str, set[str]]] = []

    def note(path: Path) -> None:
        synced.append((path.name, names(path)))

    monkeypatch.setattr("daemon.state.checkpoints.sync_directory", note)
    store.rollback(1)
    assert ("discarded", {"000000000002", "000000000003"}) in synced
    assert synced[-1][0] == "checkpoints"


def test_after_a_fallback_the_group_is_ignored_until_its_offsets_are_those_of_a_new_checkpoint(
    tmp_path: Path,
) -> None:
    store = filled(tmp_path)
    (store.path(3) / "manifest.json").write_text("{}")
    store.load_newest()
    store.write(state_at(4), {})
    # Killed here, before the offsets of generation 4 are committed:
    assert recovered(tmp_path).rolled_back
    store.mark_committed(4)
    assert not recovered(tmp_path).rolled_back


def test_a_later_format_is_refused_rather_than_passed_over(tmp_path: Path) -> None:
    store = filled(tmp_path)
    seal(store.path(3) / "manifest.json", {"format": 9, "retaind": "9.0", "generation": 3})
    with pytest.raises(
        StateError, match=r"has the format 9 of retaind 9\.0; this version reads formats up to 3"
    ) as caught:
        store.load_newest()
    assert not isinstance(caught.value, DamagedError)


def test_a_component_of_a_later_layout_is_refused_by_name(tmp_path: Path) -> None:
    store = filled(tmp_path)
    path = store.path(3) / "manifest.json"
    fields = json.loads(path.read_bytes())
    del fields["sha256"]
    seal(path, fields | {"retaind": "9.0", "layout": fields["layout"] | {"source": 7}})
    with pytest.raises(StateError, match=r"written by retaind 9\.0.*the layout of its source 7") as caught:
        store.load_newest()
    assert not isinstance(caught.value, DamagedError)


def seal(path: Path, fields: dict[str, Any] | bytes) -> None:
    """Write a manifest whose own checksum is right."""
    body = fields if isinstance(fields, bytes) else json.dumps(fields).encode()[:-1]
    path.write_bytes(body + f',"sha256":"{hashlib.sha256(body).hexdigest()}"}}\n'.encode())


def forged(store: CheckpointStore, **changes: Any) -> dict[str, Any]:
    fields = json.loads((store.path(3) / "manifest.json").read_bytes())
    del fields["sha256"]
    return fields | changes


@pytest.mark.parametrize(
    "changes",
    [
        {"parts": {"state.safetensors": {"bytes": -1, "sha256": "0" * 64}}},
        {"parts": {"state.safetensors": {"bytes": 1 << 80, "sha256": "0" * 64}}},
        {"parts": {"../../lock": {"bytes": 1, "sha256": "0" * 64}}},
        {"parts": {}},
        {"generation": "3"},
        {"created": None},
        {"state": []},
        {"state": {"x": {"$array": "absent"}}},
        {"state": {"$tensor": "learner.parameters"}},
        {"unknown": 1},
    ],
    ids=str,
)
def test_a_forged_manifest_whose_checksum_is_right_is_damage(tmp_path: Path, changes: dict[str, Any]) -> None:
    store = filled(tmp_path)
    seal(store.path(3) / "manifest.json", forged(store, **changes))
    with pytest.raises(DamagedError, match="000000000003"):
        store.load(3)


@pytest.mark.parametrize("body", [b"[" * 100_000, b"\xff", b'{"format":1' + b"0" * 5_000, b""], ids=len)
def test_a_manifest_that_json_chokes_on_is_damage(tmp_path: Path, body: bytes) -> None:
    store = filled(tmp_path)
    seal(store.path(3) / "manifest.json", body)
    with pytest.raises(DamagedError, match=r"manifest\.json"):
        store.load(3)


def test_what_an_interrupted_write_left_is_removed_and_is_never_a_generation(tmp_path: Path) -> None:
    store = filled(tmp_path)
    shutil.copytree(store.path(1), store.directory / ".writing-000000000004")
    store.path(1).rename(store.directory / ".removed-000000000001")
    (store.directory / ".rolled_back.json").write_text("{")
    assert store.generations() == [2, 3]
    store.prepare()
    assert names(store.directory) == {"000000000002", "000000000003"}


def test_a_rollback_moves_the_newer_generations_aside_and_numbers_are_not_used_twice(tmp_path: Path) -> None:
    store = filled(tmp_path)
    assert store.rollback(1) == [2, 3]
    assert store.generations() == [1]
    assert names(store.discarded) == {"000000000002", "000000000003"}
    found = recovered(tmp_path)
    assert identical(found.saved.state, state_at(1))
    assert (found.rolled_back, found.damaged) == (True, ())
    assert store.write(state_at(2), {}) == 4


def test_after_a_rollback_the_group_is_ignored_until_its_offsets_are_those_of_a_new_checkpoint(
    tmp_path: Path,
) -> None:
    store = filled(tmp_path)
    store.rollback(2)
    store.write(state_at(4), {})
    assert recovered(tmp_path).rolled_back
    store.mark_committed(4)
    store.mark_committed(4)
    assert not recovered(tmp_path).rolled_back


def test_a_rollback_can_be_undone_with_those_before_it_until_a_daemon_has_gone_on(tmp_path: Path) -> None:
    store = filled(tmp_path, generations=4, keep=4)
    store.rollback(3)
    store.rollback(1)
    assert store.undo_rollback() == [2, 3, 4]
    assert store.generations() == [1, 2, 3, 4]
    assert not recovered(tmp_path).rolled_back
    with pytest.raises(StateError, match="there is no rollback to undo"):
        store.undo_rollback()
    store.rollback(2)
    store.write(state_at(5), {})
    with pytest.raises(StateError, match="a daemon has gone on from it"):
        store.undo_rollback()
    assert store.generations() == [1, 2, 5]


def test_an_undone_rollback_that_was_interrupted_can_be_done_again(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.rollback(1)
    (store.discarded / "000000000002").rename(store.path(2))
    assert store.undo_rollback() == [2, 3]
    assert store.generations() == [1, 2, 3]


def test_a_rollback_to_the_newest_changes_nothing(tmp_path: Path) -> None:
    store = filled(tmp_path)
    assert store.rollback(3) == []
    assert not recovered(tmp_path).rolled_back


def test_a_rollback_to_a_damaged_generation_is_refused(tmp_path: Path) -> None:
    store = filled(tmp_path)
    (store.path(1) / "state.safetensors").write_bytes(b"")
    with pytest.raises(DamagedError, match=r"000000000001.*has 0 bytes instead of"):
        store.rollback(1)
    assert store.generations() == [1, 2, 3]


def test_the_newest_committed_generation_is_kept_and_can_be_gone_back_to(tmp_path: Path) -> None:
    store = filled(tmp_path, generations=1, keep=1)
    store.mark_committed(1)
    for step in (2, 3):
        store.write(state_at(step), {})
    assert store.generations() == [1, 3]
    assert not recovered(tmp_path).committed
    assert store.withdraw_newest() == 3
    found = recovered(tmp_path)
    assert (found.saved.generation, found.committed, found.rolled_back) == (1, True, False)
    assert store.write(state_at(4), {}) == 4


def test_of_what_was_withdrawn_the_newest_stays_and_so_does_what_an_operator_set_aside(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.rollback(2)
    for step in (4, 5):
        assert store.write(state_at(step), {}) == step
        store.withdraw_newest()
    assert names(store.discarded) == {"000000000003", "000000000005"}
    assert store.generations() == [1, 2]


def test_the_only_generation_is_not_withdrawn(tmp_path: Path) -> None:
    store = filled(tmp_path, generations=1)
    with pytest.raises(StateError, match="move the directory away to begin anew"):
        store.withdraw_newest()
    assert store.generations() == [1]


# Run in a process of its own, which a limit on the size of files makes fail in the middle of a write.
FULL_DISK = """
import resource, sys
from pathlib import Path
import torch
from daemon.state.checkpoints import CheckpointStore
from daemon.state.state_error import StateError
store = CheckpointStore(Path(sys.argv[1]), keep=3)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    store.write({"learner": {"parameters": torch.zeros(1_000_000)}}, {})
except StateError as error:
    print(error)
"""


def test_a_write_that_does_not_fit_names_the_remedy_and_leaves_the_older_generations(tmp_path: Path) -> None:
    store = filled(tmp_path)
    before = names(store.directory)
    process = subprocess.run(
        [sys.executable, "-c", FULL_DISK, tmp_path], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "cannot write" in process.stdout
    assert "File too large; raise the limit on the size of a file" in process.stdout
    assert names(store.directory) == before
    assert all(entry.problem is None for entry in store.entries())
    assert identical(recovered(tmp_path).saved.state, state_at(3))


def test_a_full_disk_names_the_remedy_and_leaves_the_older_generations(small_disk: Path) -> None:
    store = filled(small_disk)
    before = names(store.directory)
    with pytest.raises(StateError, match=r"cannot write .*small.*No space left on device; free some space"):
        store.write({"learner": {"parameters": torch.zeros(1_000_000)}}, {})
    assert names(store.directory) == before
    assert identical(recovered(small_disk).saved.state, state_at(3))
    assert store.write(state_at(4), {}) == 4


def test_a_state_directory_that_is_a_file_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(StateError, match=r"cannot write .*state.*; point checkpoint.directory at a directory"):
        CheckpointStore(tmp_path / "state", keep=3).prepare()
