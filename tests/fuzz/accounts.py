"""What became of the records of a topic, as the daemon tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from daemon.telemetry.status import labels_status, stream_status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from daemon.service import Service

UNLABELLED = ("expired", "undefined", "unidentified", "resent")
"""What becomes of events that get no label."""
BATCH = 8
"""Rows of a step, by ``tests.fuzz.setting``."""


class Accounts(NamedTuple):
    """Counts of records, of which each is one event."""

    written: int
    rejected: int
    held: int
    """First events that wait to be looked at."""
    predicted: int
    learned: int
    held_out: int
    waiting: int
    """Predicted and not learned yet, or without a label so far."""
    unlabelled: int
    """Events that get no label."""
    refused: int
    """At most so many were in steps that were refused, because their loss was not finite."""

    @property
    def balanced(self) -> bool:
        """Whether every record is in one place."""
        taken = self.learned + self.held_out + self.waiting + self.unlabelled
        arrived = self.written == self.rejected + self.held + self.predicted
        return arrived and 0 <= self.predicted - taken <= self.refused

    @classmethod
    def of(cls, metric: Callable[..., float], status: Mapping[str, Any], *, written: int) -> Accounts:
        """Return the accounts of a daemon; ``metric`` returns the sum of samples by name and labels."""
        labels = status.get("labels", {"waiting_rows": 0, "outcomes": {}})
        return cls(
            written=written,
            rejected=int(metric("events_rejected_total")),
            held=status["held"],
            predicted=status["events"],
            learned=int(metric("events_learned_total", learner="")),
            held_out=int(metric("events_held_out_total", learner="")),
            waiting=status["waiting"] + labels["waiting_rows"],
            unlabelled=sum(labels["outcomes"].get(outcome, 0) for outcome in UNLABELLED),
            refused=BATCH * int(metric("learner_steps_rejected_total", learner="")),
        )

    @classmethod
    def of_service(cls, service: Service, *, written: int) -> Accounts:
        """Return the accounts of a service in this process, as of now."""
        pipeline = service.loop.pipeline.snapshot()
        status = stream_status(pipeline, service.source.status())
        if pipeline.later is not None:
            status["labels"] = labels_status(pipeline.later)

        def metric(name: str, **labels: str) -> float:
            samples = (sample for family in service.registry.collect() for sample in family.samples)
            wanted = [sample for sample in samples if sample.name == f"retaind_{name}"]
            return sum(
                sample.value
                for sample in wanted
                if all(sample.labels.get(label, "") == value for label, value in labels.items())
            )

        return cls.of(metric, status, written=written)
