"""What a protocol is: which stream is learned, on what the model is evaluated, and with which settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from benchmarks.literature.outcome import Outcome
    from connectors.record import LocalRecord

Overrides = dict[str, Any]
"""A part of a configuration file: mappings are merged key by key, everything else replaces what was there."""


class Chunk(NamedTuple):
    """Some consecutive records of a stream, as a poll might deliver them."""

    records: list[LocalRecord]
    ends: str | None = None
    """The task that is over with them: then the model is evaluated on every task so far."""


class HeldOut(NamedTuple):
    """Rows of one task that never enter the stream."""

    x: NDArray[np.float32]
    """``(rows, features)``, as the intake would deliver them; standardisation belongs to the learner."""
    y: NDArray[Any]
    """``(rows,)``: class indices (int64), or numbers (float32)."""


class Stream:
    """What one run learns, and is evaluated on; made by ``Protocol.stream`` for one seed."""

    events: int
    """Records in all, for the progress bar."""
    before: Sequence[str] = ()
    """Tasks that were learned before it, on which the model is evaluated with its own; they never come in it."""

    def chunks(self) -> Iterator[Chunk]:
        """Yield the records in their order; no chunk crosses the end of a task."""
        raise NotImplementedError

    def held_out(self, task: str, *, rows: int | None = None) -> HeldOut:
        """Return what is held out of the task; where nothing is, the daemon's probe sets stand for it.

        With ``rows``, a fixed sample of about so many: it makes the inner rows of R, where all would take longer
        than learning.
        """
        raise NotImplementedError

    def ahead(self, task: str) -> tuple[str, HeldOut] | None:
        """Return name and rows of the task that follows, to be predicted before any is learned; None: no need."""
        return None


@dataclass(frozen=True, slots=True)
class Published:
    """A figure that others have published for the same setting."""

    figure: str
    """As it is printed in the table, such as ``80.60``."""
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodSetting:
    """One way to learn the stream."""

    overrides: Overrides = field(default_factory=dict)
    """Over the protocol's ``base``."""
    published: Published | None = None
    peer: str | None = None
    """A model of ``PEERS`` that learns the same rows in place of our learner."""
    note: str = ""
    """What a reader of the table must know, such as what the memory's budget counts."""


class Protocol:
    """One experiment. A subclass is one file and one line in ``PROTOCOLS``."""

    summary: ClassVar[str]
    """One sentence for ``python -m benchmarks --list`` and above the table."""
    base: ClassVar[Overrides]
    """The configuration but for source, checkpoint and seed."""
    settings: ClassVar[Mapping[str, MethodSetting]]
    columns: ClassVar[Mapping[str, str]]
    """The figures in the table: heading by name of ``Outcome.figures``; ``{"final_accuracy": "accuracy, %"}``."""
    further_tables: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    """Columns of the same kind for tables below it, by the sentence that stands above each."""
    evaluated_on: ClassVar[str] = "Test images."
    """One sentence for the head of the table."""
    validated_on: ClassVar[str] = "Validation images that were held back of training."
    """The same, with ``--validate``."""
    evaluation_rows: ClassVar[int | None] = 1_000
    """Held-out rows of each task for R; the final accuracy is always on all of them."""

    def prepare(
        self, data: Path, folder: Path, *, seed: int, validate: bool, watch: Callable[[], None]
    ) -> Overrides:
        """Make what a run needs beside its data, in an empty folder; return what of its configuration says where.

        ``watch`` is called now and then; it may raise. What is returned is no part of the outcome.
        """
        return {}

    def stream(self, data: Path, *, seed: int, validate: bool) -> Stream:
        """Return the stream of one run; raise ``MissingDataError`` where a file is not in the folder ``data``.

        With ``validate`` nothing of the test data is read: what is held back of the training data stands for it.
        """
        raise NotImplementedError

    def extra_figures(self, outcome: Outcome) -> Mapping[str, float]:
        """Return figures that only this protocol has, by name."""
        return {}
