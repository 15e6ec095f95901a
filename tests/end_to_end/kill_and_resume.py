"""Kills a daemon again and again, and compares what it has learned with what an untroubled one has.

For the tests, and for ``benchmarks/kill_and_resume.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from daemon.state.checkpoints import CheckpointStore
from daemon.state.state_tree import flatten
from tests.end_to_end.daemon_process import DaemonProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    import numpy as np

    from daemon.state.generation import SavedState
    from daemon.state.state_tree import Leaf
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


@dataclass(frozen=True, slots=True)
class Course:
    """A daemon's way through a stream, in one life or in many."""

    starter: Starter
    config: Path
    """In a directory of its own, where the logs go too; its checkpoints are to be in ``state`` there."""
    events: int
    """How many events it ends with."""
    environ: Mapping[str, str] = field(default_factory=dict)
    deadline_seconds: float = 240.0
    """The longest that one life may take."""

    @property
    def directory(self) -> Path:
        """Where everything is."""
        return self.config.parent

    def live_to_the_end(self) -> None:
        """Run until all events are predicted, and stop with SIGTERM."""
        with self._life("log-last") as daemon:
            seen = daemon.until_events(self.events)
            code = daemon.stop()
            assert code == 0, daemon.log
            assert seen == self.events, f"{seen} events were predicted, {self.events} are in the stream"

    def live_and_die(
        self, moments: Iterable[int], *, told: Callable[[Death], None] = lambda _: None
    ) -> list[Death]:
        """Run, but die by SIGKILL once so many events are predicted, at each of ``moments``; then run to the end.

        Where the process has run past a moment before anybody looks, it dies at once.
        """
        deaths: list[Death] = []
        for number, moment in enumerate(sorted(moments)):
            with self._life(f"log-{number}") as daemon:
                seen = daemon.until_events(moment)
                daemon.kill()
            deaths.append(self._death(seen))
            told(deaths[-1])
        self.live_to_the_end()
        return deaths

    def newest_state(self) -> dict[str, Any]:
        """Return the state of the newest checkpoint, without the name that the source drew at its first start."""
        state = self._newest().state
        state["source"].pop("identity", None)
        return state

    def _life(self, log: str) -> DaemonProcess:
        return DaemonProcess(
            self.starter,
            self.config,
            log=self.directory / log,
            environ=self.environ,
            deadline_seconds=self.deadline_seconds,
        )

    def _death(self, events: int) -> Death:
        saved = self._newest()
        return Death(events, saved_events=saved.summary["events"], generation=saved.generation)

    def _newest(self) -> SavedState:
        recovered = CheckpointStore(self.directory / "state", keep=1).load_newest()
        assert recovered is not None, "there is a checkpoint before the first event"
        return recovered.saved


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
