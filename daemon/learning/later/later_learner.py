"""Predicts every event on arrival, and is scored and learns when its label comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from daemon.intake.later.found import in_turn
from daemon.learning.committee.later_committee import LaterScoredCommittee
from daemon.learning.committee.later_keys import HeardLabels
from daemon.learning.later.later_block import LaterBlock, batch_of
from daemon.learning.later.waiting_rows import WaitingRows
from daemon.learning.main_learner import Judged, MainLearner, Met
from daemon.learning.padded_rows import PaddedRows
from daemon.scoring.delay_scores import DelayScores
from strategies.objective import Answer

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from daemon.intake.arrivals import Arrivals
    from daemon.learning.block import ClosedBlock
    from daemon.learning.committee.scored_committee import ScoredCommittee
    from daemon.learning.later.turn import Turn
    from daemon.tasks.assigned import Segment
    from strategies.row_holder import Gone

    Columns = dict[str, NDArray[Any]]

_COMMITTEE, COMPANION = "committee.", "companion."
"""How the names of columns begin that hold what these have said."""


class LaterLearner(MainLearner):
    """The learner whose predictions are published, where labels come later than their events.

    A row waits as it was on arrival, with what everybody has said of it. When its label comes it is scored by
    that, and joins the block; blocks are learned in the order in which labels came. Nothing that is said knows a
    label that had not come by then.
    """

    def __init__(self, scored: Any, *, block_rows: int, **options: Any) -> None:
        super().__init__(scored, block_rows=block_rows, **options)
        self._places = block_rows
        self._seen = PaddedRows(block_rows, features=len(self._feature_names))
        blank = self._blank()
        self._rows = WaitingRows(blank)
        self._later_block = LaterBlock(block_rows, blank)
        self._block = self._later_block  # type: ignore[assignment]  # what fills it is above, and here only
        self.newest_task = 0
        """That of the row whose label came last, in this process."""
        self.delays = DelayScores(classification=scored.learner.objective.classification)

    @property
    def unlabelled(self) -> int:
        """Rows that wait for their label."""
        return len(self._rows)

    @property
    def waiting_bytes(self) -> int:
        """Memory that rows take which wait for their labels."""
        return self._rows.bytes

    @property
    def row_bytes(self) -> int:
        """Memory that a row takes which waits for its label."""
        return self._rows.row_bytes

    def fitting(self, turn: Turn) -> int:
        """Return how many of the events can be met at once."""
        return min(len(turn.arrivals), self._places - turn.first % self._places)

    def segments(self, turn: Turn) -> NDArray[np.int64]:
        """Return of which segment the rows are whose labels have come ``(labels,)``."""
        number = turn.heard.number
        inside = number >= turn.first
        segments = np.empty(len(number), dtype=np.int64)
        segments[inside] = turn.arrivals.segment[number[inside] - turn.first]
        segments[~inside] = self._rows.look(number[~inside], ["segment"])["segment"]
        return segments

    def take(self, turn: Turn) -> Met:
        """Predict the events, and score those rows whose labels have come; ``close_full`` is to follow.

        There are at most ``fitting`` events and ``room`` labels.
        """
        step, told = self.scored.learner.steps, turn.told
        seen = self._seen_classes(turn)[told]
        with self._stopwatch("predict"):
            main = self._ask(turn) if len(turn.arrivals) else None
        answer, known, labels = main, np.full(len(turn.arrivals), self._known_classes), self.events - self.waiting
        if isinstance(self._committee, LaterScoredCommittee):
            with self._stopwatch("committee"):
                answer = self._consult_all(self._committee, turn, main, seen=seen)
            known, labels = seen, self.events
        experience = labels + (told if self._committee is not None else np.zeros_like(told))
        with self._stopwatch("score"):
            judged = self._hear(turn)
        if answer is None:
            answer = Answer(torch.zeros(0))
        return Met(answer, step=step, known=known, labels=experience, judged=judged)

    def waiting_of(self, gone: Gone) -> list[int]:
        """Return the numbers of rows that wait for their label and are to go."""
        return [int(number) for number in self._rows.of(gone)]

    def waiting_before(self, partition: int, offset: int) -> list[int]:
        """Return the numbers of rows that wait of a partition before an offset, or under the same keys."""
        return [int(number) for number in self._rows.before(partition, offset)]

    def forget(self, gone: Gone) -> Counter[str]:
        """Let rows of keys go; those that wait for their label are given up before."""
        self.delays.forget(gone)
        return super().forget(gone)

    def give_up(self, numbers: Sequence[int]) -> None:
        """Let rows go that get no label."""
        self._rows.drop(numbers)

    def move_waiting(self, segment: Segment) -> None:
        """Let the rows that wait belong to another segment, one that a drift alarm has begun."""
        self._rows.set_all("segment", segment.segment)
        self._rows.set_all("task", segment.task)

    def merge_task(self, task: int, *, into: int) -> None:
        """Let what is kept and known of ``task`` be of ``into``, and the rows that wait."""
        super().merge_task(task, into=into)
        self._rows.set_all("task", into, where=task)

    def state_dict(self) -> dict[str, Any]:
        """Return everything learned, gathered, counted and waited for."""
        waiting = {"rows": self._rows.state_dict(), "delays": self.delays.state_dict()}
        return {**super().state_dict(), "later_labels": waiting}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where it is of another configuration."""
        super().load_state_dict(state)
        self._rows.load_state_dict(state["later_labels"]["rows"])
        self.delays.load_state_dict(state["later_labels"]["delays"])

    def _blank(self) -> Columns:
        """Return the columns of a row that waits, without rows."""
        features, whole = len(self._feature_names), np.zeros(0, dtype=np.int64)
        said = whole if self.scored.learner.objective.classification else np.zeros(0, dtype=np.float32)
        blank = {
            "x": np.zeros((0, features), dtype=np.float32),
            "scaled": np.zeros((0, features), dtype=np.float32),
            "provenance": np.zeros((0, 4), dtype=np.int64),
            "task": whole,
            "segment": whole,
            "held_out": np.zeros(0, dtype=np.bool_),
            "main": said,
            "no_change": said,
            **{f"{COMPANION}{name}": said for name, _ in self.companions},
        }
        if isinstance(self._committee, LaterScoredCommittee):
            blank |= _named(self._committee.later.blank, _COMMITTEE)
        return blank

    def _ask(self, turn: Turn) -> Answer:
        """Return what the main learner says of the events; let them wait."""
        arrivals, learner = turn.arrivals, self.scored.learner
        batch, start = arrivals.batch, turn.first % self._places
        scaled = learner.absorb(batch.x)
        rows = self._seen.place(scaled, batch.task, start=start)
        # A class that was not learned yet cannot be predicted.
        main = self.scored.predict(self._seen, rows, known_classes=self._known_classes)
        self._seen.clear()
        self.scored.tally.predicted += len(batch)
        said = {
            f"{COMPANION}{name}": companion.ask(
                batch, scaled=scaled, start=start, known_classes=self._known_classes, main=main
            )
            for name, companion in self.companions
        }
        self._rows.put(
            turn.first, {**_columns(arrivals), "scaled": scaled.numpy(), "main": main.value.numpy(), **said}
        )
        return main

    def _seen_classes(self, turn: Turn) -> NDArray[np.int64]:
        """Return how many classes were known before the labels and after each ``(labels + 1,)``, 0 of numbers."""
        if not self.scored.learner.objective.classification:
            return np.zeros(len(turn.heard) + 1, dtype=np.int64)
        waiting = self._later_block.columns.get("y", np.zeros(0, dtype=np.int64))
        known = max(self._known_classes, int(waiting.max(initial=-1)) + 1)
        return np.maximum.accumulate(np.append(known, turn.targets.numpy() + 1))

    def _consult_all(
        self, committee: LaterScoredCommittee, turn: Turn, main: Answer | None, *, seen: NDArray[np.int64]
    ) -> Answer | None:
        """Return what the committee says of the events, each knowing the labels before it."""
        later, batch, start = committee.later, turn.arrivals.batch, turn.first % self._places
        numbers, label = np.arange(turn.first, turn.first + len(batch)), turn.targets.numpy()
        heard = HeardLabels(self._keys(turn), label, turn.heard.before)
        scaled = torch.from_numpy(self._rows.look(numbers, ["scaled"])["scaled"])
        columns = later.ask(
            batch, scaled, main, start=start, known_classes=self._known_classes, seen=seen, heard=heard
        )
        self._rows.fill(numbers, _named(columns, _COMMITTEE))
        names = [name for name in later.blank if name != "value"]
        judged = self._rows.look(turn.heard.number, [_COMMITTEE + name for name in names])
        weights = later.hear(_within(judged, _COMMITTEE), label, overlap=turn.heard.overlap)
        if main is None:
            return None
        answer = later.mix(columns, weights[turn.told], start=start, seen=seen)
        self._rows.fill(numbers, {f"{_COMMITTEE}value": answer.value.numpy()})
        return answer

    def _keys(self, turn: Turn) -> NDArray[np.int64]:
        return np.asarray(self._rows.look(turn.heard.number, ["provenance"])["provenance"][:, 0])

    def _hear(self, turn: Turn) -> Judged | None:
        """Score the rows whose labels have come, and put them into the block; return what had been said of them."""
        self._repeat_labels(turn)
        heard, label = turn.heard, turn.targets.numpy()
        if not len(heard):
            return None
        columns = {**self._rows.take(heard.number), "y": label}
        batch, main, reference = batch_of(columns), columns["main"], columns["no_change"]
        key = batch.key.numpy()
        self.scored.prequential.update(main, label=label, task=columns["task"], key=key, no_change=reference)
        said = main
        if self._committee is not None:
            said = columns[f"{_COMMITTEE}value"]
            self._committee.score(Answer(torch.from_numpy(said)), batch, no_change=reference)
        self.by_class.update(said, label=label)
        self.delays.update(said, label=label, delay=heard.delay, key=key)
        self._later_block.keep({**columns, "errors": self._errors(main, label), "overlap": heard.overlap})
        self.events += len(heard)
        self.newest_task = int(columns["task"][-1])
        return Judged(said, columns["provenance"][:, 0])

    def _repeat_labels(self, turn: Turn) -> None:
        """Let the no-change baseline say of each event the last label of its key that had come."""
        heard, labels = self._keys(turn).tolist(), turn.targets.tolist()
        keys = turn.arrivals.batch.key.tolist()
        said = [
            self._no_change.last(keys[event])
            for event in in_turn(
                turn.heard.before,
                events=len(keys),
                hear=lambda label: self._no_change.hear(heard[label], labels[label]),
            )
        ]
        numbers = np.arange(turn.first, turn.first + len(said))
        self._rows.fill(
            numbers, {"no_change": np.array(said, dtype=self._rows.look(numbers[:0])["no_change"].dtype)}
        )

    def _teach(self, committee: ScoredCommittee, block: ClosedBlock) -> None:
        assert isinstance(committee, LaterScoredCommittee)
        columns = self._later_block.closed
        committee.learn_rows(
            _within(columns, _COMMITTEE),
            columns["y"],
            fresh=block.fresh_rows,
            main=self.scored.learner,
            known_classes=self._known_classes,
        )

    def _show_companions(self, block: ClosedBlock, *, known_classes: int) -> None:
        said = _within(self._later_block.closed, COMPANION)
        self.companions.follow(block, known_classes=known_classes, events=self.events, said=said)

    def _answer_again(self, committee: ScoredCommittee) -> None:
        """Let the committee hear again of what waits in the block."""
        assert isinstance(committee, LaterScoredCommittee)
        columns = self._later_block.columns
        if columns:
            committee.later.hear(_within(columns, _COMMITTEE), columns["y"], overlap=columns["overlap"])


def _columns(arrivals: Arrivals) -> Columns:
    batch = arrivals.batch
    return {
        "x": batch.x.numpy(),
        "provenance": batch.provenance.numpy(),
        "task": batch.task.numpy(),
        "segment": arrivals.segment,
        "held_out": arrivals.held_out,
    }


def _named(columns: Columns, prefix: str) -> Columns:
    return {prefix + name: column for name, column in columns.items()}


def _within(columns: Columns, prefix: str) -> Columns:
    return {name.removeprefix(prefix): column for name, column in columns.items() if name.startswith(prefix)}
