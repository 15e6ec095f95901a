"""Who has learned what of a partition, as the group's committed offset says in the metadata beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from kafka.structs import OffsetAndMetadata

MOST_CLAIMS = 16
"""Some 600 bytes; a broker takes 4,096 (``offset.metadata.max.bytes``)."""
VERSION = 1


@dataclass(frozen=True, slots=True)
class Claim:
    """A model has learned the events from the end of the claim before this one up to ``end``."""

    model: str
    end: int


@dataclass(frozen=True, slots=True)
class GroupOffset:
    """What a group has committed for one partition."""

    offset: int
    leader_epoch: int = -1
    claims: tuple[Claim, ...] = ()
    """The models that had the partition, the newest last; none where something else than retaind committed."""

    @staticmethod
    def of(committed: OffsetAndMetadata) -> GroupOffset:
        """Read what a broker returned. Metadata that is not ours, or not of this offset, makes no claim."""
        claims = _claims(committed.metadata)
        if not claims or claims[-1].end != committed.offset:
            claims = ()
        return GroupOffset(committed.offset, committed.leader_epoch, claims)

    @property
    def model(self) -> str | None:
        """The model that committed it, None where that was not retaind."""
        return self.claims[-1].model if self.claims else None

    def learned_by(self, model: str) -> int:
        """Return the end of a model's newest claim, -1 where it has none among those that are remembered."""
        return max((claim.end for claim in self.claims if claim.model == model), default=-1)

    def followed_by(self, model: str, offset: int, leader_epoch: int) -> GroupOffset:
        """Return what to commit for a model that has learned up to ``offset``."""
        if offset == self.offset and self.claims:
            return self
        before = self.claims[:-1] if self.model == model else self.claims
        claims = (*before, Claim(model, offset))[-MOST_CLAIMS:]
        return GroupOffset(offset, leader_epoch, claims)

    def to_kafka(self) -> OffsetAndMetadata:
        """Return it as a client commits it."""
        rows = [[claim.model, claim.end] for claim in self.claims]
        text = json.dumps({"retaind": VERSION, "claims": rows}, separators=(",", ":"))
        return OffsetAndMetadata(self.offset, text, self.leader_epoch)


NOTHING = GroupOffset(-1)
"""Of a partition for which a group has committed nothing."""


def _claims(metadata: str | None) -> tuple[Claim, ...]:
    try:
        said: Any = json.loads(metadata or "null")
        if not isinstance(said, dict) or said.get("retaind") != VERSION:
            return ()
        return tuple(Claim(str(model), int(end)) for model, end in said["claims"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return ()
