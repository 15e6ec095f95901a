"""Everything between source and sinks where labels come later: a function of the records in their order."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from connectors.sink import Prediction
from daemon.intake.arrivals import Arrivals
from daemon.intake.later.found import OUTCOMES, in_turn
from daemon.intake.later.waiting_places import WaitingPlaces
from daemon.learning.certainty import certainty
from daemon.learning.fault_numbers import NumberedFaults
from daemon.learning.later.later_learner import LaterLearner
from daemon.learning.later.turn import Turn
from daemon.learning.later.waiting_rows import GROWTH
from daemon.learning.pipeline import Outcome, Pipeline, alike
from daemon.learning.snapshot import LaterSnapshot
from daemon.scoring.delay_scores import BOUNDS
from daemon.scoring.later_intervals import LaterIntervals
from strategies.provenance import partition_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from connectors.record import Record
    from connectors.sink import Anomaly
    from daemon.intake.later.later_intake import LaterIntake, Taken
    from daemon.learning.main_learner import MainLearner, Met
    from daemon.learning.pipeline import Publish
    from daemon.learning.snapshot import PipelineSnapshot
    from daemon.scoring.estimated_accuracy import EstimatedAccuracy
    from daemon.tasks.assigned import Segment
    from strategies.row_holder import Gone


class LaterPipeline(Pipeline):
    """Predicts events as they come, and learns them in the order in which their labels come.

    Tasks and boundaries are those of the rows as they are learned. A drift alarm begins a segment for whatever is
    learned after it, the rows that wait included.
    """

    def __init__(
        self,
        intake: LaterIntake,
        *,
        most_waiting_bytes: int,
        estimated: EstimatedAccuracy | None = None,
        publish_expired: bool = False,
        **options: Any,
    ) -> None:
        """``estimated`` is what tells how good answers are before their labels come; None of numbers."""
        super().__init__(intake, **options)
        self._estimated = estimated
        self._places = WaitingPlaces() if publish_expired else None
        self._later = intake
        self._most_waiting_bytes = most_waiting_bytes
        self._brought: dict[int, Anomaly] = {}
        """How odd the label is that an event in hand has brought to an earlier one, by the number of the event."""

    @property
    def events(self) -> int:
        """Events predicted so far, in this and all earlier runs."""
        return self._later.numbered

    def snapshot(self) -> PipelineSnapshot:
        """Return how everything stands."""
        main = self.main
        delays = main.delays if isinstance(main, LaterLearner) else None
        later = LaterSnapshot(
            unlabelled=self._later.unlabelled,
            early=self._later.early,
            bytes=main.waiting_bytes if isinstance(main, LaterLearner) else 0,
            outcomes={name: self._later.outcomes[name] for name in OUTCOMES},
            delay_counts=() if delays is None else delays.counts,
            delay_bounds=BOUNDS,
            delay_seconds=0.0 if delays is None else delays.seconds,
            by_delay={} if delays is None else delays.of_each(),
            estimate=None if self._estimated is None else self._estimated.score,
        )
        return replace(super().snapshot(), later=later)

    def forget(self, gone: Gone) -> Counter[str]:
        """Let rows of keys go, wherever they are kept or wait; return how many, by what they were kept for."""
        main = self.main if isinstance(self.main, LaterLearner) else None
        waiting = set() if main is None else set(main.waiting_of(gone))
        given_up, counts = self._later.forget_waiting(gone, waiting)
        leave = sorted(waiting.union(given_up))
        self._give_up(leave)
        if self._places is not None:
            self._places.forget(leave)
            self._places.forget_keys(gone.keys)
        return super().forget(gone) + Counter({"waiting events": len(leave), **counts})

    def begin_at(self, topic: str, partition: int, offset: int) -> None:
        """Give up what waits for its label from the other side of a gap: see ``AnyPipeline``."""
        if isinstance(self.main, LaterLearner):
            gone = self._later.expire(self.main.waiting_before(partition_number(topic, partition), offset))
            self._give_up(gone)
            if self._places is not None:
                self._places.expire([(number, self.events) for number in gone])

    def state_dict(self) -> dict[str, Any]:
        """Return everything that is to survive."""
        estimate = {} if self._estimated is None else {"estimate": self._estimated.state_dict()}
        places = {} if self._places is None else {"waiting_places": self._places.state_dict()}
        return {**super().state_dict(), **estimate, **places}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where it is of another configuration."""
        super().load_state_dict(state)
        if self._estimated is not None:
            # A state from before there were any has none.
            self._estimated.load_state_dict(state.get("estimate", {}))
        if self._places is not None:
            self._places.load_state_dict(state.get("waiting_places", {}))

    def _process(self, records: Sequence[Record], publish: Publish) -> Outcome:
        with self._stopwatch("decode"):
            decoded = self._later.decode(records)
        if self.main is None and len(decoded.rows):
            self.main = self._new_main_learner()
        with self._stopwatch("decode"):
            taken = self._later.find(decoded)
        self._note_places(taken)
        if isinstance(self.main, LaterLearner):
            for part, met in self._turns(_turn(taken, features=len(self.feature_names or ())), self.main):
                halves, odd = self._reach_of(part, met), self._oddness_of(part, met)
                self._estimate(part, met)
                if self._publish_predictions and len(part.arrivals):
                    said = self._predictions(part.arrivals, met, halves=halves, odd=odd)
                    publish(list(self._with_expired(said, first=part.first)))
                if self.tap is not None:
                    if len(part.arrivals):
                        self._show(self.tap, part.arrivals, met, halves=halves, first=part.first)
                    self.tap.heard(part.heard.number.tolist(), part.heard.label.tolist())
            self._give_up(taken.gone)
        if taken.arrivals is not None:
            self.newest_event_seconds = taken.arrivals.batch.last_time_seconds
        faults = NumberedFaults.among(records, taken.rejects, others=decoded.rows.records)
        return Outcome([], taken.rejects, [faults])

    def _give_up(self, numbers: Sequence[int]) -> None:
        """Let events of these numbers wait for their labels no longer."""
        if isinstance(self.main, LaterLearner):
            self.main.give_up(numbers)
        if isinstance(self._intervals, LaterIntervals):
            self._intervals.give_up(numbers)
        if self._estimated is not None:
            self._estimated.give_up(numbers)

    def _note_places(self, taken: Taken) -> None:
        """Note where events stand that wait, and which have expired, where that is published."""
        if self._places is not None:
            self._places.put(taken.first, () if taken.arrivals is None else taken.arrivals.records)
            self._places.expire(taken.expired)
            self._places.forget([*taken.heard.number.tolist(), *taken.gone])

    def _with_expired(self, said: Iterable[Prediction], *, first: int) -> Iterator[Prediction]:
        """Yield predictions, and after each the events that have expired when its event came."""
        for number, prediction in enumerate(said, start=first):
            yield prediction
            for record in () if self._places is None else self._places.take(number):
                yield Prediction(
                    prediction.record, None, None, None, task=prediction.task, step=prediction.step, expired=record
                )

    def _new_main_learner(self) -> MainLearner:
        main = super()._new_main_learner()
        assert isinstance(main, LaterLearner)
        self._later.wait_for_at_most(max(1, int(self._most_waiting_bytes / GROWTH / main.row_bytes)))
        return main

    def _turns(self, turn: Turn, main: LaterLearner) -> Iterator[tuple[Turn, Met]]:
        """Let the main learner take events and labels in parts that fit and cross no boundary; yield each."""
        while len(turn):
            segments = main.segments(turn)
            boundary = self._boundaries.next_boundary(segments)
            if boundary == 0 and not turn.heard.before[0]:
                turn = turn.within(self._end_segment(main))
                continue
            retired = turn.arrivals.retired
            events = min(main.fitting(turn), alike(retired) if len(retired) else 0)
            if self._is_to_retire(turn):
                if not len(turn.heard) or turn.heard.before[0]:
                    turn = turn.within(self._retire(main))
                    continue
                events = 0
            part, rest = turn.cut(events=events, room=main.room, boundary=boundary)
            met = self._take(part, segments[: len(part.heard)], main)
            yield part, met
            new_segment = main.close_full()
            self._begin(new_segment, main)
            turn = rest.within(new_segment)

    def _reach_of(self, part: Turn, met: Met) -> NDArray[np.float64] | None:
        """Return how far the intervals of events reach ``(rows,)``, by the labels before each; None without any."""
        intervals = self._intervals
        if not isinstance(intervals, LaterIntervals):
            return None
        numbers, labels = part.heard.number.tolist(), part.targets.tolist()
        keys = [] if met.judged is None else met.judged.key.tolist()
        values, tasks = met.answer.value.tolist(), part.arrivals.batch.task.tolist()
        halves = [
            intervals.ask(part.first + event, values[event], task=tasks[event])
            for event in in_turn(
                part.heard.before,
                events=len(values),
                hear=lambda label: intervals.hear(numbers[label], labels[label], key=keys[label]),
            )
        ]
        return np.array(halves)

    def _oddness_of(self, part: Turn, met: Met) -> Sequence[Anomaly | None] | None:
        """Return how odd what each event brings is ``(rows,)``: the oddest of the labels; None unless asked."""
        if self._anomalies is None:
            return None
        if met.judged is not None:
            said, keys = met.judged.said.astype(np.float64) + self._later.origins.label, met.judged.key
            labels, events = part.heard.label, part.first + part.heard.before
            columns = (each.tolist() for each in (keys, said, labels, events))
            for key, expected, found, event in zip(*columns, strict=True):
                told, before = self._anomalies.look(key, expected=expected, found=found), self._brought.get(event)
                if told is not None and (before is None or told.score > before.score):
                    self._brought[event] = told
        # An event may be met after the label that it brings: a block was full between the two.
        return [self._brought.pop(part.first + event, None) for event in range(len(part.arrivals))]

    def _estimate(self, part: Turn, met: Met) -> None:
        """Note how sure the answers are, and which were right whose labels have come."""
        estimated = self._estimated
        if estimated is None:
            return
        sure = certainty(met.answer, known=met.known, labels=met.labels)
        numbers, labels = part.heard.number.tolist(), part.targets.tolist()
        said = [] if met.judged is None else met.judged.said.tolist()
        for event in in_turn(
            part.heard.before,
            events=len(sure),
            hear=lambda label: estimated.hear(numbers[label], right=said[label] == labels[label]),
        ):
            estimated.ask(part.first + event, sure[event])

    def _take(self, part: Turn, segments: NDArray[np.int64], main: LaterLearner) -> Met:
        self._boundaries.advance(segments)
        met = main.take(part)
        if len(part.heard):
            self._task, self._drifted = main.newest_task, False
        return met

    def _close_block(self, main: MainLearner) -> Segment | None:
        new_segment = super()._close_block(main)
        self._begin(new_segment, main)
        return new_segment

    def _retire(self, main: MainLearner) -> Segment | None:
        new_segment = super()._retire(main)
        self._begin(new_segment, main)
        return new_segment

    def _begin(self, segment: Segment | None, main: MainLearner) -> None:
        """Let the rows that wait belong to a segment that a drift alarm has begun, if one has."""
        if segment is None:
            return
        assert isinstance(main, LaterLearner)
        # Before any row has the task's number, it is to be nobody else's.
        while segment.retired > self._tasks.names.retired:
            super()._retire(main)
        main.move_waiting(segment)
        self._drifted = True

    def _is_to_retire(self, turn: Turn) -> bool:
        """Tell whether a task is to make room before the next event."""
        retired = turn.arrivals.retired
        return bool(len(retired) and retired[0] > self._tasks.names.retired)


def _turn(taken: Taken, *, features: int) -> Turn:
    arrivals = Arrivals.none(features=features) if taken.arrivals is None else taken.arrivals
    return Turn(arrivals, taken.first, taken.heard, taken.targets)
