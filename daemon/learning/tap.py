"""Events as they pass, for whoever watches: a few of them, with what is secret left out."""

from __future__ import annotations

import random
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Protocol

from connectors.record import event_index
from daemon.learning.redaction import REDACTED, Redaction
from daemon.process.json_text import json_text
from strategies.learner import Learner

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch import Tensor

    from connectors.record import Record
    from connectors.sink import Prediction
    from daemon.intake.column import Column
    from daemon.learning.main_learner import MainLearner
    from strategies.batch import Batch
    from strategies.training_batch import TrainingBatch

MOST_CLASSES, MOST_FEATURES, MOST_REHEARSED = 5, 200, 16
_MOST_PENDING = 256
_LEASE_SECONDS = 20.0
"""So long is an event told of after somebody has asked for the last time."""
_MOST_CHARACTERS = 10_000
"""Of a line: one packet takes it, whatever is in it."""

Tell = dict[str, Any]


class Watched(Protocol):
    """A pipeline, as far as a tap knows it."""

    tap: PipelineTap | None

    @property
    def main(self) -> MainLearner | None:
        """The main learner; None before the first event."""

    def label_shown(self, label: Any) -> str | float | None:
        """Return a label, as it was encoded, as people know it."""

    def target_shown(self, target: Any) -> str | float | None:
        """Return a label, as it is learned, as people know it."""

    def task_shown(self, task: int) -> str:
        """Return the name of a task."""


class Tap:
    """Tells of one event in ``every``, and of no more than ``max_per_second``, while somebody watches.

    Nobody does most of the time: nothing is attached to any pipeline then, and a turn asks once. ``send`` gets each
    line as JSON, and must not wait. ``ask`` may be called on any thread, all others on the loop's. What is
    told changes nothing that is learned.
    """

    def __init__(
        self,
        redaction: Redaction,
        *,
        max_per_second: float,
        send: Callable[[str], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.redaction = redaction
        self._max_per_second = max_per_second
        self._send = send
        self._clock = clock
        self._asked: dict[int, float] = {}
        self._attached: Mapping[str, Watched] = {}
        self._met = 0
        self._allowance, self._allowed_at = 1.0, clock()
        self._chance = random.Random()  # noqa: S311 - which are shown, and nothing that is learned

    def ask(self, every: int) -> None:
        """Tell of one event in so many for a while; of several who ask, the one who wants most is followed."""
        until = self._clock() + _LEASE_SECONDS
        self._asked = {**{each: at for each, at in self._asked.items() if at > self._clock()}, every: until}

    @property
    def is_asked(self) -> bool:
        """Whether somebody has asked not long ago."""
        return bool(self._asked)

    def follow(self, pipelines: Mapping[str, Watched]) -> None:
        """Attach to the pipelines where somebody watches, and let go of them where nobody does; before a turn."""
        if not self._asked and not self._attached:
            return
        now = self._clock()
        if all(until <= now for until in self._asked.values()):
            self._asked = {}
            self._let_go()
            return
        if any(self._attached.get(name) is not each for name, each in pipelines.items()):
            self._let_go()
            self._attached = dict(pipelines)
            for target, pipeline in pipelines.items():
                pipeline.tap = PipelineTap(self, target, pipeline)

    def _let_go(self) -> None:
        for pipeline in self._attached.values():
            if pipeline.tap is not None:
                pipeline.tap.let_go()
            pipeline.tap = None
        self._attached = {}

    def chosen(self, rows: int) -> list[int]:
        """Return which of so many events in a row are told of."""
        every = min(self._asked, default=0)
        if not every:
            return []
        first = -self._met % every
        self._met += rows
        wanted = range(first, rows, every)
        now = self._clock()
        self._allowance = min(
            self._max_per_second, self._allowance + (now - self._allowed_at) * self._max_per_second
        )
        self._allowed_at = now
        most = min(len(wanted), int(self._allowance))
        self._allowance -= most
        return sorted(self._chance.sample(wanted, most))

    def tell(self, line: Tell) -> None:
        """Send a line as JSON, without its longest parts where it would be too long."""
        text, long_parts = json_text(line), ["rehearsed", "probabilities", "features"]
        while len(text) > _MOST_CHARACTERS and long_parts:
            line = {**line, long_parts.pop(): None, "cut": True}
            text = json_text(line)
        if len(text) <= _MOST_CHARACTERS:
            self._send(text)


class PipelineTap:
    """What is attached to one pipeline while somebody watches."""

    def __init__(self, tap: Tap, target: str, pipeline: Watched) -> None:
        self._tap = tap
        self._target = {"target": target} if target else {}
        self._pipeline = pipeline
        self._learner: Learner | None = None
        self._to_learn: OrderedDict[tuple[int, int], Tell] = OrderedDict()
        """Events that were told of and are not learned yet, by partition and offset of their rows."""
        self._unlabelled: OrderedDict[int, Tell] = OrderedDict()
        """Those whose labels are to come, by number."""

    def chosen(self, rows: int) -> list[int]:
        """Return which of so many events in a row, which are met and not learned yet, are told of."""
        self.watch_learner()  # the first event has made it
        return self._tap.chosen(rows)

    def event(
        self,
        said: Prediction,
        x: Tensor,
        columns: Sequence[Column],
        *,
        place: tuple[int, int],
        held_out: bool,
        number: int | None = None,
    ) -> None:
        """Tell of an event: the row ``x`` ``(features,)`` and what was said of it.

        ``place`` is the row's partition and offset, as the learner knows them, and ``number`` is that of an event
        whose label comes later.
        """
        where = self._target | _place(said.record)
        if number is not None:
            _remember(self._unlabelled, number, where)
        if not held_out:
            _remember(self._to_learn, place, where)
        hides = self._tap.redaction
        label: Tell = {
            "prediction": said.prediction,
            "confidence": said.confidence,
            "probabilities": said.probabilities,
        }
        label |= {"interval": said.interval, "label": said.label if number is None else None}
        if hides.label:
            label = dict.fromkeys(label, REDACTED)
        values = x[:MOST_FEATURES].double().tolist()
        told = {
            column.name: REDACTED if hides.hides(column) else value + column.origin
            for column, value in zip(columns, values, strict=False)
        }
        self._tap.tell(
            {"kind": "event", "at": time.time(), **where, "event_time_ms": said.record.timestamp}
            | {"task": REDACTED if hides.task else said.task, "step": said.step, "held_out": held_out, **label}
            | {"label_comes_later": number is not None, "features": told, "columns": len(columns)}
        )

    def heard(self, numbers: Sequence[int], labels: Sequence[Any]) -> None:
        """Tell of labels that have come, of events that were told of."""
        for number, label in zip(numbers, labels, strict=True) if self._unlabelled else ():
            where = self._unlabelled.pop(number, None)
            if where is not None:
                shown = REDACTED if self._tap.redaction.label else self._pipeline.label_shown(label)
                self._tap.tell({"kind": "label", "at": time.time(), **where, "label": shown})

    def watch_learner(self) -> None:
        """See the steps of the main learner, which may be another one by now."""
        main = self._pipeline.main
        learner = None if main is None else main.scored.learner
        if learner is not self._learner:
            self.let_go()
            self._learner = learner if isinstance(learner, Learner) else None
            if self._learner is not None:
                self._learner.watch = self._step

    def let_go(self) -> None:
        """See no step any more."""
        if self._learner is not None:
            self._learner.watch = None
        self._learner = None

    def _step(self, fresh: Batch, batch: TrainingBatch) -> None:
        """Tell of the events in a step that were told of, and of what is rehearsed beside them."""
        if not self._to_learn:
            return
        rows = slice(batch.fresh, batch.fresh + MOST_REHEARSED)
        rehearsed = None
        for place in zip(fresh.partition.tolist(), fresh.offset.tolist(), strict=True):
            where = self._to_learn.pop(place, None)
            if where is None:
                continue
            if rehearsed is None:
                rehearsed = self._rows(batch.task[rows].tolist(), batch.y[rows].tolist())
            told = {"rows": batch.fresh, "rehearsed_rows": len(batch) - batch.fresh, "rehearsed": rehearsed}
            self._tap.tell({"kind": "learned", "at": time.time(), **where, **told})

    def _rows(self, tasks: Sequence[int], labels: Sequence[Any]) -> list[Tell]:
        hides, pipeline = self._tap.redaction, self._pipeline
        return [
            {
                "task": REDACTED if hides.task else pipeline.task_shown(task),
                "label": REDACTED if hides.label else pipeline.target_shown(label),
            }
            for task, label in zip(tasks, labels, strict=True)
        ]


def _place(record: Record) -> Tell:
    index = event_index(record)
    where = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
    return where if index is None else where | {"index": index}


def _remember(events: OrderedDict[Any, Tell], key: Any, where: Tell) -> None:
    events[key] = where
    if len(events) > _MOST_PENDING:
        events.popitem(last=False)
