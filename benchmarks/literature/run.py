"""One run: a stream through the daemon's own pipeline, without Kafka, HTTP or checkpoints."""

from __future__ import annotations

import platform
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benchmarks.literature import PROTOCOLS
from benchmarks.literature.configuration import digest, merged, validated, written
from benchmarks.literature.learning import Learning
from benchmarks.literature.outcome import Outcome
from benchmarks.literature.peer_learning import PeerLearning

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.literature.protocol import Protocol, Stream
    from daemon.config.schema import Config


@dataclass(frozen=True, slots=True)
class Run:
    """Which run: everything that its outcome depends on, but code and data."""

    protocol: str
    setting: str
    seed: int
    validate: bool = False

    def __str__(self) -> str:
        return f"{self.protocol} {self.setting}, seed {self.seed}"

    @property
    def configuration(self) -> dict[str, Any]:
        """What its pipeline is built from, as it would stand in a file."""
        return written(PROTOCOLS[self.protocol], self.setting, seed=self.seed)

    @property
    def digest(self) -> str:
        """By which a finished run is found again."""
        return digest(
            protocol=self.protocol,
            configuration=self.configuration,
            peer=PROTOCOLS[self.protocol].settings[self.setting].peer,
            validate=self.validate,
        )


class StoppedError(Exception):
    """The run was asked to stop before its end."""


def carry_out(
    run: Run,
    *,
    data: Path,
    watch: Callable[[int, int], None] = lambda _done, _all: None,
    clock: Callable[[], float] = time.perf_counter,
) -> Outcome:
    """Learn the run's stream from its start to its end and measure.

    ``watch`` is told the records learned so far, and all there are; it may raise ``StoppedError``. Raises
    ``ConfigError`` and ``DataFileError``.
    """
    protocol = PROTOCOLS[run.protocol]()
    stream = protocol.stream(data, seed=run.seed, validate=run.validate)
    with TemporaryDirectory() as folder:
        prepared = protocol.prepare(
            data, Path(folder), seed=run.seed, validate=run.validate, watch=lambda: watch(0, stream.events)
        )
        config = validated(merged(run.configuration, prepared), name=f"{run.protocol}/{run.setting}")
        learning = _learning(run, protocol, config, stream, clock=clock)
        for chunk in stream.chunks():
            learning.take(chunk)
            watch(learning.events, stream.events)
    outcome = Outcome(
        protocol=run.protocol,
        setting=run.setting,
        seed=run.seed,
        validate_only=run.validate,
        configuration=run.configuration,
        digest=run.digest,
        versions=_versions(),
        **learning.measured(),
    )
    return outcome.model_copy(update={"figures": outcome.figures | dict(protocol.extra_figures(outcome))})


def _learning(
    run: Run, protocol: Protocol, config: Config, stream: Stream, *, clock: Callable[[], float]
) -> Learning | PeerLearning:
    peer, rows = protocol.settings[run.setting].peer, protocol.evaluation_rows
    if peer is None:
        return Learning(config, stream, evaluation_rows=rows, clock=clock)
    return PeerLearning(peer, config, stream, evaluation_rows=rows, clock=clock)


def _versions() -> dict[str, str]:
    libraries = {name: version(name) for name in ("retaind", "torch", "numpy")}
    return {"python": platform.python_version(), **libraries}
