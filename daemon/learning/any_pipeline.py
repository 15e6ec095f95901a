"""What the loop asks of whatever lies between source and sinks, for one label or for several targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping, Sequence

    from connectors.decoder import Oddity
    from connectors.record import Record
    from daemon.learning.pipeline import Outcome, Pipeline, Publish
    from daemon.learning.snapshot import PipelineSnapshot
    from strategies.row_holder import Gone


class AnyPipeline(Protocol):
    """Takes records in, and predicts, scores and learns them: a function of the records in their order."""

    @property
    def by_target(self) -> Mapping[str, Pipeline]:
        """The pipelines by the name of what each predicts: ``ALONE`` where that is one label."""

    @property
    def newest_event_seconds(self) -> float | None:
        """Event time of the newest event, since 1970."""

    @property
    def events(self) -> int:
        """Events predicted so far, in this and all earlier runs."""

    @property
    def waiting(self) -> int:
        """Events that are predicted and not yet learned; of several targets, those of the one with the most."""

    @property
    def inside_budget_at(self) -> int:
        """Events of the newest evaluation of this process inside the retention budget; -1 where there is none."""

    @property
    def held(self) -> int:
        """First events that are held back, until there are enough to look at."""

    def begin(self) -> None:
        """Read the rows from before the stream, where there are any and a checkpoint has not brought them."""

    def begin_at(self, topic: str, partition: int, offset: int) -> None:
        """Take note that a partition goes on at an offset, and that something is missing before it.

        What came before is labelled by nothing that comes after.
        """

    def prepare(self, records: Sequence[Record]) -> None:
        """Get what these records and those held back need from elsewhere; raise ``DecoderUnavailableError``."""

    def process(self, records: Sequence[Record], *, publish: Publish | None = None) -> Outcome:
        """Predict, score and learn ``records``; return the predictions (if wanted) and what was rejected.

        ``publish`` gets the predictions instead, as soon as there are some.
        """

    def release(self, *, publish: Publish | None = None) -> Outcome:
        """Process the first events that are held back: no others will come, or not soon."""

    def close_block(self) -> None:
        """Learn what waits, though no block is full."""

    def consolidate(self) -> None:
        """End the segment here, on request."""

    def finish(self) -> None:
        """Learn what waits and evaluate the model: no event will come any more."""

    def forget(self, gone: Gone) -> Counter[str]:
        """Let rows of keys go, wherever they are kept; return how many, by what they were kept for."""

    def take_odd(self) -> Mapping[Oddity, int]:
        """Return how many values were odd since the last call, by field and kind."""

    def snapshot(self) -> PipelineSnapshot:
        """Return how everything stands."""

    def summary(self) -> dict[str, Any]:
        """Return the counts that a checkpoint's list shows."""

    def state_dict(self) -> dict[str, Any]:
        """Return everything that is to survive."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` or ``KeyError`` where it is of another configuration."""
