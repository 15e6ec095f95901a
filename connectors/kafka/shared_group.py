"""Who goes on where, when the members of a group hand partitions to each other.

Each event is learned by the member whose commit first covers it: what the group took counts, and nothing else. A
member therefore saves, then commits, and only then gives a partition up; what it has learned beyond its last commit
when a partition is lost, it undoes. The claims beside an offset tell which member learned up to where.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.kafka.claims import MOST_CLAIMS, NOTHING, GroupOffset
from connectors.kafka.positions import Position

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kafka import TopicPartition


def taken_by_others(
    undecided: Mapping[TopicPartition, Position],
    group: Mapping[TopicPartition, GroupOffset],
    *,
    assigned: Iterable[TopicPartition],
    identity: str,
) -> list[TopicPartition]:
    """Return the partitions of which a checkpoint has learned what the group did not take from this model.

    A process may die between its checkpoint and the commit. Of an assigned partition that nobody has committed
    since, the next commit makes it good; of any other, somebody else learns those events, or has.
    """
    mine = frozenset(assigned)
    return sorted(
        part
        for part, at in undecided.items()
        if not _taken(at, group.get(part, NOTHING), identity)
        and not (part in mine and _nobody_since(at, group.get(part, NOTHING), identity))
    )


def _taken(at: Position, group: GroupOffset, identity: str) -> bool:
    """Whether the group has what this model learned; where there are no claims, its offset is all there is."""
    if at.begun == at.offset:
        return True  # it had taken the partition over and learned nothing of it yet
    return group.learned_by(identity) >= at.offset or (not group.claims and group.offset >= at.offset)


def _nobody_since(at: Position, group: GroupOffset, identity: str) -> bool:
    """Whether no other member has committed since this model took the partition over."""
    return group.model in (identity, None) or group.offset == at.begun


def shared_position(stored: Position | None, group: GroupOffset, identity: str) -> Position | None:
    """Return where a member goes on with a partition that it was given; None where ``start`` is to say it.

    It goes on where the group stands; at its own position, which nobody knows yet, where the group stands as it did
    when it took the partition over. Where the newest commit is its own, it goes on at its own position, too, which
    may be behind after a rollback: what it has forgotten since is its to learn again, from the end of
    the claim before its own; what other members have learned is not.
    """
    if group.model is None or (stored is not None and group.offset == stored.begun):
        return stored
    if group.model != identity:
        return Position(group.offset, group.leader_epoch)
    others = group.claims[-2].end if len(group.claims) > 1 else -1
    if stored is not None and stored.offset >= others:
        return stored
    return Position(others) if others >= 0 else None


def learned_by_nobody(stored: Position | None, group: GroupOffset, identity: str, *, mine: bool) -> int:
    """Return of how many offsets, at most, this model's own claims say that it had learned them, and no more.

    After a rollback, a damaged generation or a restored backup it has forgotten what it learned since, and the
    group has not: others go on behind that. What it goes back for itself does not count (see ``shared_position``):
    the newest claim, where the partition is its own now (``mine``).
    """
    known, begin, lacked = 0 if stored is None else stored.offset, 0, 0
    for place, claim in enumerate(group.claims, start=1):
        goes_back = mine and place == len(group.claims)
        remembered = begin or len(group.claims) < MOST_CLAIMS  # of the oldest of so many, the beginning is lost
        if claim.model == identity and remembered and not goes_back:
            lacked += max(0, claim.end - max(begin, known))
        begin = claim.end
    return lacked
