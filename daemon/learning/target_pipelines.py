"""Several targets of one stream: a pipeline for each, which learn apart and are published together."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from connectors.record import event_position
from connectors.sink import Prediction
from daemon.learning.target_states import TARGETS, states_by_target
from daemon.learning.torch_generator import TorchGenerator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from connectors.decoder import Oddity
    from connectors.record import Record
    from daemon.learning.pipeline import Outcome, Pipeline, Publish
    from daemon.learning.snapshot import PipelineSnapshot
    from strategies.row_holder import Gone

log = structlog.get_logger("retaind")

Returned = TypeVar("Returned")
_Place = tuple[str, int, int]


class TargetPipelines:
    """Gives every record to the pipeline of each target, by its name.

    What is learned of a target is what a daemon with that one label learns, bit for bit: a target that is missing,
    late or absurd disturbs no other. Of each event one prediction is published, with what is said of each target.
    """

    def __init__(self, pipelines: Mapping[str, Pipeline]) -> None:
        assert pipelines
        self._pipelines = dict(pipelines)
        self._generators = {name: TorchGenerator() for name in pipelines}

    @property
    def by_target(self) -> Mapping[str, Pipeline]:
        """The pipeline of each target."""
        return self._pipelines

    @property
    def events(self) -> int:
        """Events predicted so far; a target that was added later has seen fewer."""
        return max(each.events for each in self._pipelines.values())

    @property
    def inside_budget_at(self) -> int:
        """Return -1: no earlier state is gone back to for one of several targets."""
        return -1

    @property
    def waiting(self) -> int:
        """Events that are predicted and not yet learned, of the target with the most."""
        return max(each.waiting for each in self._pipelines.values())

    @property
    def held(self) -> int:
        """First events that are held back, until there are enough to look at."""
        return max(each.held for each in self._pipelines.values())

    @property
    def newest_event_seconds(self) -> float | None:
        """Event time of the newest event."""
        return self._leader.newest_event_seconds

    def begin(self) -> None:
        """Nothing: rows from before the stream have no future to tell targets."""

    def begin_at(self, topic: str, partition: int, offset: int) -> None:
        """Let no target label what came before a gap by what comes after it."""
        self._each(lambda pipeline: pipeline.begin_at(topic, partition, offset))

    def prepare(self, records: Sequence[Record]) -> None:
        """Get what these records and those held back need from elsewhere; raise ``DecoderUnavailableError``."""
        for pipeline in self._pipelines.values():
            pipeline.prepare(records)

    def process(self, records: Sequence[Record], *, publish: Publish | None = None) -> Outcome:
        """Let each target predict, score and learn ``records``; return what is published, and what was rejected.

        ``publish`` gets the predictions instead, when all targets have learned: a record tells of each.
        """
        return self._joined(lambda pipeline: pipeline.process(records), publish)

    def release(self, *, publish: Publish | None = None) -> Outcome:
        """Process the first events that are held back: no others will come, or not soon."""
        return self._joined(lambda pipeline: pipeline.release(), publish)

    def close_block(self) -> None:
        """Let each learn what waits, though no block is full."""
        self._each(lambda pipeline: pipeline.close_block())

    def consolidate(self) -> None:
        """Let each end its segment here, on request."""
        self._each(lambda pipeline: pipeline.consolidate())

    def finish(self) -> None:
        """Let each learn what waits and evaluate its model: no event will come any more."""
        self._each(lambda pipeline: pipeline.finish())

    def forget(self, gone: Gone) -> Counter[str]:
        """Let rows of keys go of each target; return how many, of all together."""
        return sum(self._each(lambda pipeline: pipeline.forget(gone)).values(), Counter[str]())

    def take_odd(self) -> Mapping[Oddity, int]:
        """Return how many values were odd since the last call, by field and kind: the same for each target."""
        odd = self._each(lambda pipeline: pipeline.take_odd())
        return odd[self._leading]

    def snapshot(self) -> PipelineSnapshot:
        """Return how the stream stands, and each target."""
        targets = {name: pipeline.snapshot() for name, pipeline in self._pipelines.items()}
        return targets[self._leading].of_stream(waiting=self.waiting, targets=targets)

    def summary(self) -> dict[str, Any]:
        """Return the counts that a checkpoint's list shows: those of the target with the most."""
        summaries = [pipeline.summary() for pipeline in self._pipelines.values()]
        return {name: max(each[name] for each in summaries) for name in summaries[0]}

    def state_dict(self) -> dict[str, Any]:
        """Return the state of each target."""
        return {TARGETS: {name: pipeline.state_dict() for name, pipeline in self._pipelines.items()}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what a state has of these targets, of several or of one label; another target begins untrained.

        Raises ``ValueError`` where it has nothing of any of them.
        """
        saved = states_by_target(state)
        if saved.keys().isdisjoint(self._pipelines):
            had, wanted = (", ".join(names) for names in (saved, self._pipelines))
            raise ValueError(f"it has learned {had or 'a label'}, and the configuration's targets are {wanted}")
        for name in saved.keys() - self._pipelines.keys():
            log.warning("target no longer configured: its state is dropped", target=name)
        for name in self._pipelines:
            if name not in saved:
                log.warning("target begins untrained: the checkpoint has none of this name", target=name)
        self._each_named(lambda name, pipeline: pipeline.load_state_dict(saved[name]) if name in saved else None)

    @property
    def _leading(self) -> str:
        """The target that has seen most of the stream; of several, the first of the list."""
        return max(self._pipelines, key=lambda name: self._pipelines[name].events)

    @property
    def _leader(self) -> Pipeline:
        return self._pipelines[self._leading]

    def _each(self, act: Callable[[Pipeline], Returned]) -> dict[str, Returned]:
        return self._each_named(lambda _, pipeline: act(pipeline))

    def _each_named(self, act: Callable[[str, Pipeline], Returned]) -> dict[str, Returned]:
        """Return what comes of each pipeline, which draws from torch's global generator as if it were alone."""
        returned = {}
        for name, pipeline in self._pipelines.items():
            with self._generators[name].in_use():
                returned[name] = act(name, pipeline)
        return returned

    def _joined(self, take: Callable[[Pipeline], Outcome], publish: Publish | None) -> Outcome:
        # A target that was added later may look at its first events while others are past theirs: what it says of
        # events that are published already is too late.
        leading = self._leading
        outcomes = self._each(take)
        lead = outcomes[leading]
        said = list(_published(outcomes, lead.predictions))
        if publish is not None:
            publish(said)
            said = []
        return replace(lead, predictions=said)


def _published(outcomes: Mapping[str, Outcome], predictions: Sequence[Prediction]) -> Iterator[Prediction]:
    """Yield a prediction for each of the leading target's, with those of all targets on the same event.

    After it come the events that have expired with it, each with the names of the targets for which it has.
    """
    said = {
        name: {_place(each.record): each for each in outcome.predictions if each.expired is None}
        for name, outcome in outcomes.items()
    }
    expired = _expired(outcomes)
    for each in predictions:
        if each.expired is not None:
            continue
        place = _place(each.record)
        targets = {name: of.get(place) for name, of in said.items()}
        yield Prediction(
            each.record,
            prediction=None,
            confidence=None,
            label=None,
            task=each.task,
            step=each.step,
            targets=targets,
        )
        yield from expired.get(place, {}).values()


def _expired(outcomes: Mapping[str, Outcome]) -> dict[_Place, dict[_Place, Prediction]]:
    """Return what has expired, by the place of the event with which it has, and by its own."""
    found: dict[_Place, dict[_Place, Prediction]] = {}
    for name, outcome in outcomes.items():
        for each in outcome.predictions:
            if each.expired is not None:
                of_event, place = found.setdefault(_place(each.record), {}), _place(each.expired)
                names = {} if place not in of_event else of_event[place].targets
                of_event[place] = replace(each, targets={**(names or {}), name: None})
    return found


def _place(record: Record) -> _Place:
    return record.topic, record.partition, event_position(record)
