"""Kills a daemon again and again, and compares what it has learned with what an untroubled one has.

For the tests, and for ``benchmarks/kill_and_resume.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from daemon.checkpoints import CheckpointStore
from daemon.state_tree import flatten
from tests.end_to_end.daemon_process import DaemonProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import numpy as np

    from daemon.state_tree import Leaf
    from tests.end_to_end.launcher import Starter


@dataclass(frozen=True, slots=True)
class Death:
    """One SIGKILL."""

    events: int
    """Events that this life and those before it had predicted, as it last said before it was killed."""
    saved_events: int
    """Events in the newest checkpoint that was left."""
    generation: int
    """That checkpoint's number."""


def live_to_the_end(starter: Starter, config: Path, *, directory: Path, events: int) -> None:
    """Run until so many events are predicted, and stop with SIGTERM."""
    with DaemonProcess(starter, config, log=directory / "log") as daemon:
        _finish(daemon, events)


def live_and_die(
    starter: Starter,
    config: Path,
    *,
    directory: Path,
    events: int,
    moments: Iterable[int],
    told: Callable[[Death], None] = lambda _: None,
) -> list[Death]:
    """Run, but die by SIGKILL when so many events are predicted, at each of ``moments``; return the deaths.

    A moment that the process has run past when it is looked for kills it there. Afterwards run to the end.
    """
    deaths: list[Death] = []
    for number, moment in enumerate(sorted(moments)):
        with DaemonProcess(starter, config, log=directory / f"log-{number}") as daemon:
            seen = daemon.until_events(moment)
            daemon.kill()
        deaths.append(_death(directory, seen))
        told(deaths[-1])
    with DaemonProcess(starter, config, log=directory / "log-last") as daemon:
        _finish(daemon, events)
    return deaths


def _finish(daemon: DaemonProcess, events: int) -> None:
    seen = daemon.until_events(events)
    code = daemon.stop()
    assert code == 0, daemon.log
    assert seen == events, f"{seen} events were predicted, {events} produced"


def _death(directory: Path, events: int) -> Death:
    recovered = CheckpointStore(directory / "state", keep=1).load_newest()
    assert recovered is not None, "there is a checkpoint before the first event"
    saved = recovered.saved
    return Death(events, saved_events=saved.summary["events"], generation=saved.generation)


def newest_state(directory: Path) -> dict[str, Any]:
    """Return the newest checkpoint below ``directory/state``."""
    recovered = CheckpointStore(directory / "state", keep=1).load_newest()
    assert recovered is not None
    return recovered.saved.state


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Return the names of all parts of two states that are not the same bit for bit; none where they are equal."""
    first, second = flatten(one), flatten(other)
    names = sorted(first.leaves.keys() | second.leaves.keys())
    different = [name for name in names if not _same(first.leaves.get(name), second.leaves.get(name))]
    return [*different, *_different_keys(first.document, second.document, "")]


def _same(one: Leaf | None, other: Leaf | None) -> bool:
    if one is None or other is None:
        return False
    first, second = _array(one), _array(other)
    return (first.dtype, first.shape, first.tobytes()) == (second.dtype, second.shape, second.tobytes())


def _array(leaf: Leaf) -> np.ndarray[Any, Any]:
    return leaf.numpy() if isinstance(leaf, torch.Tensor) else leaf


def _different_keys(one: Any, other: Any, name: str) -> list[str]:
    if isinstance(one, dict) and isinstance(other, dict) and list(one) == list(other):
        return [place for key in one for place in _different_keys(one[key], other[key], f"{name}.{key}")]
    return [] if one == other else [name.lstrip(".")]
