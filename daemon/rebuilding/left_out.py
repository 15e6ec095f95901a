"""Which records a state that is rebuilt is not to see."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.decoder import PreparingDecoder
from connectors.kafka.source_options import KafkaSourceOptions
from connectors.record import readable
from daemon.build.decoder import build_decoder
from daemon.state.audit_log import AuditLog
from daemon.state.key_digests import KeyDigests
from daemon.state.words import words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.record import Record
    from daemon.config.schema import Config
    from daemon.state.rebuild_plan import RebuildPlan

_KNOWN_KEYS = 65_536


class LeftOut:
    """Records of the plan's keys, and those that were skipped on an operator's word: see ``retaind skip``.

    A key is the record's, or what the decoder finds in ``decoder.key``. Where that cannot be decoded, a record is
    left out if a word or field of its value is such a key.
    """

    def __init__(self, config: Config, plan: RebuildPlan) -> None:
        directory = Path(config.checkpoint.directory)
        self._keys, self._digests = frozenset(plan.keys), frozenset(plan.digests)
        self._digest_of = KeyDigests(directory).of
        self._in_field = getattr(config.decoder, "key", None) is not None
        self._decoder = build_decoder(config, config.decoder)
        self._by_topic = isinstance(config.source, KafkaSourceOptions)
        self._skipped = [each for each in AuditLog(directory).verify()[0] if each["what"] == "skip"]
        self._is_of = lru_cache(_KNOWN_KEYS)(self._is_left_out)
        self.found: set[bytes] = set()
        """Keys of what this process has left out so far."""

    def prepare(self, records: Sequence[Record]) -> None:
        """Get what decoding these needs from elsewhere; raise ``DecoderUnavailableError``."""
        if self._in_field and isinstance(self._decoder, PreparingDecoder):
            self._decoder.prepare(readable(records))

    def resume(self, decoder: Mapping[str, Any]) -> None:
        """Go on with what a decoder knew of the stream, such as the order of its fields."""
        self._decoder.load_state_dict(decoder)

    def without(self, records: Sequence[Record]) -> Sequence[Record]:
        """Return the records that are to be seen."""
        of_keys = self.are_of_keys(records)
        kept = [record for record, gone in zip(records, of_keys, strict=True) if not gone]
        return [record for record in kept if not self._was_skipped(record)] if self._skipped else kept

    def chosen(self, records: Sequence[Record]) -> Sequence[Record]:
        """Return the records of the keys, but for those that were skipped."""
        of_keys = self.are_of_keys(records)
        return [
            record for record, gone in zip(records, of_keys, strict=True) if gone and not self._was_skipped(record)
        ]

    def are_of_keys(self, records: Sequence[Record]) -> Sequence[bool]:
        """Return which of the records are of the keys."""
        if not self._in_field:
            return [self._is_of(record.key) for record in records]
        rows, _ = self._decoder.decode(readable(records))
        decoded = {id(record): key for record, key in zip(rows.records, rows.key, strict=True)}
        return [self._names_one(record, decoded) for record in records]

    def _names_one(self, record: Record, decoded: Mapping[int, bytes | None]) -> bool:
        if id(record) in decoded:
            return self._is_of(decoded[id(record)])
        return self._is_of(record.key) or any(map(self._is_of, words(record.value or b"")))

    def _is_left_out(self, key: bytes | None) -> bool:
        if key is None:
            return False
        is_one = key in self._keys or (bool(self._digests) and self._digest_of(key) in self._digests)
        if is_one:
            self.found.add(key)
        return is_one

    def _was_skipped(self, record: Record) -> bool:
        return any(
            each["from"] <= record.offset < each["to"]
            and (not self._by_topic or (record.topic, record.partition) == (each["topic"], each["partition"]))
            for each in self._skipped
        )
