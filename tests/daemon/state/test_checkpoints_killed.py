"""A process that does nothing but write checkpoints is killed at random moments."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import torch

from daemon.state.checkpoints import CheckpointStore, Recovered

ROOT = Path(__file__).parents[2]
KILLS = 20

# Forks once torch is imported, so that a start costs milliseconds; says what is durable, a line each.
WRITER = """
import os, sys
from pathlib import Path
import torch
from daemon.state.checkpoints import CheckpointStore

def write_for_ever():
    store = CheckpointStore(Path(sys.argv[1]), keep=2)
    found = store.load_newest()
    step = found.saved.state["step"] if found else 0
    while True:
        step += 1
        state = {"step": step, "parameters": torch.full((50_000,), float(step))}
        print(store.write(state, {"step": step}), flush=True)

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        write_for_ever()
    print("child", child, flush=True)
    os.waitpid(child, 0)
    print("dead", flush=True)
"""


def kill_a_writer(orders: IO[str], said: IO[str], *, after_seconds: float) -> int:
    """Start a writer, kill it, and return the last generation that it called durable."""
    orders.write("go\n")
    orders.flush()
    lines = [said.readline(), said.readline()]  # its number and the first generation, in any order
    time.sleep(after_seconds)  # not to wait for anything: it is the moment
    os.kill(next(int(line.split()[1]) for line in lines if line.startswith("child")), signal.SIGKILL)
    lines += iter(said.readline, "dead\n")
    return max(int(line) for line in lines if not line.startswith("child"))


def whole(directory: Path) -> Recovered:
    store = CheckpointStore(directory, keep=2)
    assert [entry.problem for entry in store.entries() if entry.problem] == []
    found = store.load_newest()
    assert found is not None
    assert found.damaged == ()
    return found


def test_after_every_kill_the_newest_generation_is_whole_and_no_durable_one_is_lost(tmp_path: Path) -> None:
    chance = random.Random(20)
    interrupted = 0
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        for _ in range(KILLS):
            durable = kill_a_writer(parent.stdin, parent.stdout, after_seconds=chance.uniform(0, 0.05))
            saved = whole(tmp_path).saved
            assert saved.generation in {durable, durable + 1}
            assert saved.state["step"] == saved.summary["step"] == saved.generation
            assert torch.equal(saved.state["parameters"], torch.full((50_000,), float(saved.generation)))
            interrupted += any(entry.name.startswith(".") for entry in (tmp_path / "checkpoints").iterdir())
    assert interrupted > KILLS // 8  # else no write was hit, and nothing was shown
