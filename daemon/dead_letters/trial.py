"""What the daemon would make of events now, found out with a copy of the model that is thrown away."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.decoder import LooksAhead, PreparingDecoder
from connectors.record import event_index
from daemon.build.decoder import build_decoder
from daemon.build.pipeline import build_any_pipeline
from daemon.build.restored import restored
from daemon.learning.stopwatch import Stopwatch
from daemon.learning.target_states import states_by_target
from daemon.state.checkpoints import CheckpointStore

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.decoder import Decoder, Reject
    from connectors.kept_letter import KeptLetter
    from connectors.record import Record
    from daemon.config.schema import Config

Place = tuple[str, int, int, int]


class Trial:
    """Judges events by the configuration of now, from its newest checkpoint on; untrained where there is none.

    Raises ``ConfigError`` and ``StateError``.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        directory = Path(config.checkpoint.directory)
        recovered = CheckpointStore(directory, keep=config.checkpoint.keep).load_newest()
        saved = None if recovered is None else recovered.saved
        watch = Stopwatch()
        self._pipeline = (
            build_any_pipeline(config, stopwatch=watch)
            if saved is None
            else restored(config, saved, stopwatch=watch)
        )
        self._decoder_state: Mapping[str, Any] | None = None
        if saved is not None:
            first = next(iter(states_by_target(saved.state["pipeline"]).values()))
            self._decoder_state = first["intake"]["decoder"]

    @property
    def heading(self) -> Mapping[str, Sequence[str]]:
        """The columns that a header has named, by topic; under "" those of all others; none where none has."""
        state = self._decoder_state or {}
        if not getattr(self._config.decoder, "header", False) or not state.get("columns"):
            return {}
        return {"": state["columns"], **{topic: layout for topic, _, layout in state["layouts"]}}

    def faults(self, letters: Sequence[KeptLetter]) -> list[Reject | None]:
        """Return for each letter why its event would be rejected; None where it would be learned.

        Raises ``DecoderUnavailableError`` where decoding needs what cannot be had now.
        """
        records: list[Record] = [letter.put_back() for letter in letters]
        self._pipeline.prepare(records)
        outcomes = [self._pipeline.process(records), self._pipeline.release()]
        found = {_place(each.record): each for outcome in outcomes for each in outcome.rejects}
        return [found.get(letter.event[:4]) or found.get((*letter.event[:3], -1)) for letter in letters]

    def keys(self, letters: Sequence[KeptLetter]) -> list[bytes | None]:
        """Return the key that the decoder finds in each event; None where it finds none."""
        decoder = self._decoder()
        records: list[Record] = [letter.put_back() for letter in letters]
        if isinstance(decoder, PreparingDecoder):
            decoder.prepare(records)
        if isinstance(decoder, LooksAhead):
            decoder.look_at(records)
        rows, _ = decoder.decode(records)
        found = {_place(record): key for record, key in zip(rows.records, rows.key, strict=True)}
        return [found.get(letter.event[:4]) for letter in letters]

    def _decoder(self) -> Decoder:
        decoder = build_decoder(self._config, self._config.decoder)
        if self._decoder_state is not None:
            decoder.load_state_dict(self._decoder_state)
        return decoder


def _place(record: Record) -> Place:
    index = event_index(record)
    return record.topic, record.partition, record.offset, -1 if index is None else index
