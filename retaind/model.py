"""The daemon's model, without the daemon: it predicts, learns, is scored and saved when you say so."""

from __future__ import annotations

import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from daemon.build.pipeline import build_any_pipeline
from daemon.build.restored import restored
from daemon.intake.asked_rows import UnanswerableError
from daemon.intake.labels.alone import ALONE
from daemon.learning.snapshot import COMMITTEE
from daemon.learning.stopwatch import Stopwatch
from daemon.process.threads import threads
from daemon.serving.field_names import FieldNames
from daemon.serving.protocol_error import ProtocolError
from daemon.state.checkpoint_writer import CheckpointContents, CheckpointWriter
from daemon.state.checkpoints import CheckpointStore
from daemon.state.saved_setting import FROM_PYTHON
from daemon.state.state_lock import StateLock
from daemon.telemetry.status import committee_status, learner_status
from retaind.answers import Learned, Prediction, predictions_of, published, rejected_of
from retaind.decoding import python_decoder
from retaind.events import asked_of, dicts_of, records_of, with_labels

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import TracebackType

    from daemon.config.schema import Config
    from daemon.learning.any_pipeline import AnyPipeline
    from daemon.learning.event_predictor import EventPredictor
    from daemon.learning.snapshot import PipelineSnapshot
    from retaind.events import Event


class Model:
    """Learns events one after another and predicts others. Not for several threads at a time.

    Within a ``with`` statement, or until ``close``, it holds the lock on its state directory.
    """

    def __init__(self, config: Config, *, saved: bool = True) -> None:
        """Take up the newest checkpoint of ``config``; where it is not ``saved``, there is none."""
        self.config = python_decoder(config)
        self._threads = partial(threads, self.config.learner.threads)
        self._names = FieldNames.of(self.config.decoder)
        self._stopwatch = Stopwatch()
        self._open = ExitStack()
        self._store: CheckpointStore | None = None
        self._others: dict[str, Any] = {}
        """What a daemon's checkpoint has besides the model: its positions and outputs, kept as they are."""
        self._events = 0
        self._pipeline: AnyPipeline = build_any_pipeline(self.config, stopwatch=self._stopwatch)
        if saved:
            with ExitStack() as undo:
                self._take_up(undo.enter_context(StateLock(Path(config.checkpoint.directory))))
                self._open = undo.pop_all()

    @property
    def events(self) -> int:
        """Events that were predicted so far, before this process too."""
        return self._pipeline.events

    @property
    def classes(self) -> Sequence[str]:
        """The classes known, in the order of their first event; none where numbers are predicted."""
        return self._pipeline.snapshot().classes

    def learn(self, events: Any, labels: Iterable[Any] | None = None) -> Learned:
        """Predict each event, then learn it.

        ``events`` are a dict, an iterable of dicts, a frame of pandas or polars, or an array ``(rows, fields)``.
        Labels are in the events, under the name that ``decoder.label`` says, or given as ``labels``, one an event.
        """
        given = self._dicts(events)
        if labels is not None:
            given = with_labels(given, labels, field=self._names.label or "label")
        records = records_of(given, first=self._events, names=self._names)
        offsets, self._events = range(self._events, self._events + len(records)), self._events + len(records)
        with self._threads():
            outcomes = [self._pipeline.process(records), self._pipeline.release()]
        return Learned(
            [published(each) for outcome in outcomes for each in outcome.predictions],
            [rejected_of(each, offsets) for outcome in outcomes for each in outcome.rejects],
        )

    def predict(self, events: Any) -> list[Prediction]:
        """Return what would be said of each event if it came next, alone; nothing is learned or remembered.

        Raises ``ValueError`` where an event has no answer; its message names the row and the field.
        """
        given, predictors = self._dicts(events), self._predictors()
        said = {name: self._say(given, predictor) for name, predictor in predictors.items()}
        if ALONE in said:
            return said[ALONE]
        return [
            Prediction(None, targets=dict(zip(said, each, strict=True)))
            for each in zip(*said.values(), strict=True)
        ]

    def scores(self) -> dict[str, Any]:
        """Return how good the answers are: over all events and over the window, by task, and what is forgotten.

        That is what ``/status`` shows of the committee where it answers, else of the main learner; nothing before
        the first event. Of several targets it is told by name, under ``targets``.
        """
        scores = {name: _scores(each) for name, each in self._pipeline.snapshot().by_target.items()}
        return scores.get(ALONE, {"targets": scores})

    def flush(self) -> None:
        """Learn the events that wait for a micro-batch to be full."""
        with self._threads():
            self._pipeline.close_block()

    def save(self) -> int:
        """Write a checkpoint durably; return its generation, or raise ``StateError`` where that fails."""
        if self._store is None:
            raise ValueError("the model has no place to be saved in; name checkpoint.directory")
        source = self._others.get("source") or {FROM_PYTHON: self._events}
        contents = CheckpointContents(
            state={**self._others, "pipeline": self._pipeline.state_dict(), "source": source},
            events=self._pipeline.events,
            summary=self._pipeline.summary(),
            snapshot=source,
        )
        return CheckpointWriter(self._store).write_now(contents).generation

    def state_dict(self) -> dict[str, Any]:
        """Return everything that the model has learned: nested dicts of arrays, tensors and JSON values."""
        return {"pipeline": self._pipeline.state_dict(), "events": self._events}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what ``state_dict`` of a model of the same configuration returned; raise ``ConfigError``."""
        self._pipeline = build_any_pipeline(self.config, stopwatch=self._stopwatch)
        self._pipeline.load_state_dict(state["pipeline"])
        self._events = state["events"]

    def close(self) -> None:
        """Release the lock on the state directory; what is not saved is lost. May be called twice."""
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _dicts(self, events: Any) -> list[Event]:
        """Return events as dicts; an array's columns are the model's fields, once it has met any."""
        if not isinstance(events, np.ndarray):
            return dicts_of(events)
        predictor = next(iter(self._predictors().values()))
        fields = getattr(self.config.decoder, "features", None) if predictor is None else predictor.rows.fields
        return dicts_of(events, fields=fields)

    def _predictors(self) -> Mapping[str, EventPredictor | None]:
        """Return what answers now, by target; None before there is anything to ask."""
        return {name: each.event_predictor(copied=False) for name, each in self._pipeline.by_target.items()}

    def _say(self, given: list[Event], predictor: EventPredictor | None) -> list[Prediction]:
        """Return what is said of events of one label."""
        if predictor is None:
            return [Prediction(None)] * len(given)
        if not given:
            return []
        try:
            asked = asked_of(given, glance=predictor.rows, names=self._names, now=time.time())
            with self._threads():
                said = predictor.say(asked)
        except (ProtocolError, UnanswerableError) as error:
            raise ValueError(str(error)) from error
        return predictions_of(said, predictor.class_names)

    def _take_up(self, _: StateLock) -> None:
        self._store = CheckpointStore(Path(self.config.checkpoint.directory), keep=self.config.checkpoint.keep)
        self._store.prepare()
        recovered = self._store.load_newest()
        self._pipeline.begin()
        if recovered is None:
            return
        self._pipeline = restored(self.config, recovered.saved, stopwatch=self._stopwatch)
        self._others = {name: part for name, part in recovered.saved.state.items() if name != "pipeline"}
        self._events = self._others["source"].get(FROM_PYTHON, self._pipeline.events)


def _scores(snapshot: PipelineSnapshot) -> dict[str, Any]:
    if snapshot.main is None:
        return {}
    main = learner_status(snapshot.main, snapshot.tasks)
    answers = main if snapshot.committee is None else committee_status(snapshot.committee, snapshot.tasks)
    others = {} if snapshot.committee is None else {COMMITTEE: answers["weights"]}
    return {
        "events": snapshot.events,
        "answers": answers["prequential"],
        "retention": main["retention"],
    } | others
