"""What the loop has for its sinks: given at once, and waited for until it is durable."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import structlog

from connectors.sink import NeedsPast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connectors.decoder import Reject
    from connectors.sink import DeadLetters, Prediction, Predictions, Sink

log = structlog.get_logger("retaind")

TOLD_AFTER_SECONDS = 1.0
EXTENT = frozenset({"bytes", "fingerprint", "ends"})


class Outbox:
    """Dead letters and predictions, each of which may be missing.

    While one of them takes nothing (a full disk, a broker that is away) there is a reason to give in ``waiting``,
    and no event should be polled: ``settle`` is to be called until it returns True.
    """

    def __init__(
        self,
        *,
        dead_letters: DeadLetters | None,
        predictions: Predictions | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._dead_letters = dead_letters
        self._predictions = predictions
        self._clock = clock
        sinks: dict[str, Sink | None] = {"dead_letters": dead_letters, "predictions": predictions}
        self._sinks = {name: sink for name, sink in sinks.items() if sink is not None}
        self._unsettled_since: dict[str, float] = {}
        self._waiting: dict[str, str] = {}
        self._opened = False

    @property
    def names(self) -> Sequence[str]:
        """The sinks that there are, by their sections of the configuration."""
        return tuple(self._sinks)

    @property
    def keeps_rejects(self) -> bool:
        """Whether there are dead letters."""
        return self._dead_letters is not None

    @property
    def lost(self) -> int:
        """Rejects that the dead letters took in no form, for their size; none where a sink does not say."""
        lost: int = getattr(self._dead_letters, "lost", 0)
        return lost

    @property
    def waiting(self) -> Mapping[str, str]:
        """Why each sink that is waited for takes nothing; empty where all do."""
        return self._waiting

    @property
    def why_not_ready(self) -> str:
        """Why nothing is polled, in a sentence; empty where there is no reason."""
        if self._waiting or self._opened:
            return "; ".join(self._waiting.values())
        return f"not connected yet: {', '.join(self._sinks)}"

    @property
    def full(self) -> bool:
        """Whether nothing should be polled before all is settled."""
        return not self._opened or any(sink.full for sink in self._sinks.values())

    def put(self, rejects: Sequence[Reject], predictions: Sequence[Prediction]) -> None:
        """Give the sinks what a turn has brought."""
        if self._dead_letters is not None:
            self._dead_letters.write(rejects)
        self.publish(predictions)

    def publish(self, predictions: Sequence[Prediction]) -> None:
        """Give away answers, as soon as there are some."""
        if self._predictions is not None:
            self._predictions.write(predictions)

    def settle(self, timeout_seconds: float) -> bool:
        """Return whether all that was put is durable, waiting that long. Raises SinkUnavailableError."""
        deadline = self._clock() + timeout_seconds
        settled = [self._settle(name, sink, deadline) for name, sink in self._sinks.items()]
        self._opened = self._opened or all(settled)
        return all(settled)

    def _settle(self, name: str, sink: Sink, deadline: float) -> bool:
        settled = sink.settle(max(0.0, deadline - self._clock()))
        since = self._unsettled_since.setdefault(name, self._clock())
        if settled:
            del self._unsettled_since[name]
            if self._waiting.pop(name, None) is not None:
                log.info(
                    "a sink can be written to again", sink=name, waited_seconds=round(self._clock() - since, 1)
                )
        elif sink.trouble or self._clock() - since >= TOLD_AFTER_SECONDS:
            self._wait_for(name, sink.trouble or f"{name} are not acknowledged yet")
        return settled

    def _wait_for(self, name: str, why: str) -> None:
        if self._waiting.get(name) != why:
            log.warning("waiting for a sink, and polling nothing", sink=name, reason=why)
            self._waiting[name] = why

    def state_dict(self) -> dict[str, Any]:
        """Return what each sink has, to be stored with the state; all is to be settled."""
        return {name: sink.state_dict() for name, sink in self._sinks.items()}

    def saved(self, state: Mapping[str, Any]) -> None:
        """Take note that what ``state_dict`` had returned is durable now."""
        for name, sink in self._sinks.items():
            if isinstance(sink, NeedsPast) and name in state:
                sink.saved(state[name])

    def is_new_to(self, saved: Mapping[str, Any] | None) -> bool:
        """Whether a sink writes to something that a stored state does not know."""
        before = saved or {}
        return any(
            _identity(sink.state_dict()) != _identity(before.get(name)) for name, sink in self._sinks.items()
        )

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a stored state; what was put since is dropped, and will be put again."""
        for name, sink in self._sinks.items():
            if name in state:
                sink.load_state_dict(state[name])
        self._unsettled_since, self._waiting, self._opened = {}, {}, False

    def close(self) -> None:
        """Close the sinks, whatever of it fails."""
        with ExitStack() as closing:
            for sink in self._sinks.values():
                closing.callback(sink.close)


def _identity(state: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what of a sink's state says where it writes, and not how much."""
    return {name: value for name, value in (state or {}).items() if name not in EXTENT}
