"""Moves one position of the newest checkpoint forward, and keeps all that was learned."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.kafka.moved_position import only, reading_only, with_position
from connectors.kafka.source_options import KafkaSourceOptions
from connectors.source import SourceDataError
from daemon.build.edges import build_source, build_source_of, waiting_for_decoder
from daemon.build.restored import restored
from daemon.learning.stopwatch import Stopwatch
from daemon.skipping.look import Scout, Skipped
from daemon.state.audit_log import AuditLog
from daemon.state.state_error import StateError
from daemon.telemetry.history.saved import SavedNote, read_history

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from daemon.config.schema import Config
    from daemon.state.checkpoints import CheckpointStore
    from daemon.state.generation import SavedState


class SkipError(ValueError):
    """What is asked for cannot be skipped; the message says what can."""


@dataclass(frozen=True, slots=True)
class Part:
    """A partition of the stream and where a checkpoint stands in it; files are one."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be skipped: from a part's offset up to, not including, ``to``."""

    part: Part
    to: int
    skipped: Skipped
    unreadable: str
    """Why not all of it could be looked at; empty where it could."""


class Skipping:
    """Plans against the newest checkpoint, and carries a plan out as a new generation."""

    def __init__(self, config: Config, store: CheckpointStore) -> None:
        self._config = config
        self._store = store
        self._saved: SavedState = store.require_newest().saved
        self._options: Any = config.source
        self._is_kafka = isinstance(self._options, KafkaSourceOptions)

    @property
    def parts(self) -> list[Part]:
        """Where the checkpoint stands."""
        snapshot = self._saved.state["source"]
        if self._is_kafka:
            return [Part(row["topic"], row["partition"], row["offset"]) for row in snapshot["partitions"]]
        if "offset" not in snapshot:
            raise SkipError(f"a source of type {self._options.type} has no offsets to skip to")
        return [Part("file", 0, snapshot["offset"])]

    def to(self, part: Part, offset: int) -> Plan:
        """Return the plan to go on at an offset; raise ``SkipError`` where that is not ahead, or behind the end."""
        if offset <= part.offset:
            raise SkipError(
                f"{part} is read from offset {part.offset} on, and {offset} is not ahead of it: what was learned"
                " would be learned again; `retaind checkpoint rollback` goes back"
            )
        scout = self._scout(part)
        try:
            scout.up_to(offset)
            end, is_behind = scout.end, scout.is_behind_the_end(offset)
        except SourceDataError as error:  # which may be what is to be skipped
            return Plan(part, offset, scout.look.before(offset), str(error))
        finally:
            scout.close()
        if is_behind:
            raise SkipError(f"{part} ends at offset {end}, and {offset} is behind it")
        return Plan(part, offset, scout.look.before(offset), "")

    def until_good(self, part: Part) -> Plan | None:
        """Return the plan to go on where most events can be learned again, None where they can be as it is.

        Raises ``SkipError`` where that is nowhere up to the end.
        """
        scout = self._scout(part)
        try:
            offset = scout.until_good(max_share=self._config.rejections.max_share)
            end = scout.end
        finally:
            scout.close()
        if not scout.look.offsets:
            return None
        if offset is None:
            raise SkipError(
                f"{part}: no event from offset {part.offset} on begins a good stretch, up to the end at {end};"
                f" to pass all of it: --to {end}"
            )
        return None if offset == scout.look.offsets[0] else Plan(part, offset, scout.look.before(offset), "")

    def carry_out(self, plans: list[Plan]) -> int:
        """Write a generation that goes on behind what is skipped, and the audit; return its number."""
        snapshot = self._saved.state["source"]
        for plan in plans:
            snapshot = self._moved(snapshot, plan)
        state = {**self._saved.state, "source": snapshot}
        at = time.time()
        generation = self._store.write(state, self._saved.summary, history=self._history(plans, at=at))
        for plan in plans:
            AuditLog(Path(self._config.checkpoint.directory)).append(
                {
                    "at": at,
                    "what": "skip",
                    "topic": plan.part.topic,
                    "partition": plan.part.partition,
                    "from": plan.part.offset,
                    "to": plan.to,
                    "records": plan.skipped.records,
                    "good": plan.skipped.good,
                    "rejected": plan.skipped.reasons,
                    "generation": generation,
                },
            )
        return generation

    def _moved(self, snapshot: Mapping[str, Any], plan: Plan) -> Mapping[str, Any]:
        if self._is_kafka:
            return with_position(snapshot, plan.part.topic, plan.part.partition, offset=plan.to)
        source = build_source(self._config)
        source.open(snapshot)
        try:
            at = plan.part.offset
            while at < plan.to and (records := source.poll(plan.to - at, 1.0)):
                at = records[-1].offset + 1
            return source.snapshot()
        finally:
            source.close()

    def _history(self, plans: list[Plan], *, at: float) -> str | None:
        """Return the run history with a note of each plan; None where there is none to go on from."""
        try:
            history = read_history(self._store, self._saved.generation)
        except StateError:
            return None
        if history is None:
            return None
        notes = [SavedNote(kind="skipped", at=at, text=told(plan), count=1) for plan in plans]
        return history.model_copy(update={"notes": [*history.notes, *notes]}).model_dump_json()

    def _scout(self, part: Part) -> Scout:
        """Return who looks ahead in one part, from the checkpoint on, without anybody's knowledge."""
        pipeline = restored(self._config, self._saved, stopwatch=Stopwatch())
        snapshot: Mapping[str, Any] = self._saved.state["source"]
        if self._is_kafka:
            source = build_source_of(reading_only(self._options, part.topic, part.partition))
            snapshot = only(snapshot, part.topic, part.partition)
        else:
            source = build_source(self._config)
        source = waiting_for_decoder(source, self._config.decoder, prepare=pipeline.prepare)
        source.open(snapshot)
        return Scout(source, pipeline)


def told(plan: Plan) -> str:
    """Return a plan in a sentence, for the log of the run."""
    skipped = plan.skipped
    bad = skipped.records - skipped.good
    return (
        f"skipped on request: {plan.part} from offset {plan.part.offset} to {plan.to},"
        f" {skipped.records:,} records, of which {bad:,} would have been rejected"
    )


def parts_named(parts: list[Part], *, topic: str | None, partition: int | None) -> Iterator[Part]:
    """Yield the parts of that topic and partition, each where it is not None."""
    for part in parts:
        if topic in (None, part.topic) and partition in (None, part.partition):
            yield part
