"""The backup of docs/operating.md: copied while the daemon runs, put back when its state is lost, and gone on."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from daemon.state.checkpoints import CheckpointStore
from tests.end_to_end.daemon_process import DaemonProcess
from tests.end_to_end.kill_and_resume import differences
from tests.end_to_end.test_sinks import configure, each_once, offsets

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.launcher import Launcher

COPIES = 4


def copied(state: Path, to: Path) -> bool:
    """Copy as the page says, with whatever is being written or removed meanwhile; return whether it can be used."""
    subprocess.run(["cp", "-a", str(state), str(to)], check=False, capture_output=True)
    found = CheckpointStore(to, keep=1).load_newest()
    return found is not None and found.saved.summary["events"] > 0


def run_to_the_end(launcher: Launcher, config: Path, log: Path) -> None:
    with DaemonProcess(launcher, config, log=log) as daemon:
        assert daemon.wait() == 0


def test_a_copy_of_a_running_state_is_put_back_and_gone_on_from(launcher: Launcher, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("lost", "calm")]
    for folder in folders:
        folder.mkdir()
        outputs = {
            name: f'{{type: file, path: "{folder / name}.jsonl"}}' for name in ("predictions", "dead_letters")
        }
        text = configure(folder, **outputs, rate=2_500 if folder.name == "lost" else None).read_text()
        (folder / "retaind.yaml").write_text(text.replace("every_events: 200", "every_events: 100"))
    lost, calm = folders
    with DaemonProcess(launcher, lost / "retaind.yaml", log=lost / "log") as daemon:
        daemon.until_events(500)
        usable = [copied(lost / "state", lost / f"backup-{number}") for number in range(COPIES)]
        daemon.until_events(2_000)
        daemon.kill()
    assert all(usable)
    shutil.rmtree(lost / "state")
    (lost / f"backup-{COPIES - 1}").rename(lost / "state")
    run_to_the_end(launcher, lost / "retaind.yaml", lost / "again")
    run_to_the_end(launcher, calm / "retaind.yaml", calm / "log")
    assert each_once(offsets(lost / "predictions.jsonl"), offsets(lost / "dead_letters.jsonl"))
    states = [CheckpointStore(folder / "state", keep=1).require_newest().saved.state for folder in (calm, lost)]
    assert differences(*(state["pipeline"] for state in states)) == []
