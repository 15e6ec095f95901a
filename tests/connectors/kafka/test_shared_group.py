"""A model of a group without a broker: whatever happens to its members, each event is learned by one of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st
from kafka import TopicPartition

from connectors.kafka.connection import TopicFacts
from connectors.kafka.ledger import Ledger
from connectors.kafka.positions import Log, from_json
from connectors.kafka.shared_placement import SharedPlacement
from connectors.kafka.source import KafkaSource
from connectors.source import CheckpointRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.kafka.claims import GroupOffset
    from connectors.kafka.positions import Position

PARTS = [TopicPartition("plant", 0), TopicPartition("plant", 1)]
TOPICS = {"plant": TopicFacts(None, (0, 1))}
OPTIONS = KafkaSource.Options(topics=("plant",), mode="subscribe", group="plant")
MEMBERS = 3

Event = tuple[int, int]


@dataclass
class Group:
    """What a broker knows."""

    ends: dict[TopicPartition, int] = field(default_factory=lambda: dict.fromkeys(PARTS, 0))
    offsets: dict[TopicPartition, GroupOffset] = field(default_factory=dict)
    owners: dict[TopicPartition, int] = field(default_factory=dict)


class ModelPlacement(SharedPlacement):
    """Asks the model instead of a broker."""

    def __init__(self, group: Group, ledger: Ledger) -> None:
        super().__init__(None, OPTIONS, ledger)
        self._group = group

    def _logs(self, parts: list[TopicPartition], _: Any) -> dict[TopicPartition, Log]:
        return {part: Log(0, self._group.ends[part]) for part in parts}

    def _committed(self, parts: list[TopicPartition]) -> dict[TopicPartition, GroupOffset]:
        return {part: self._group.offsets[part] for part in parts if part in self._group.offsets}


@dataclass
class Checkpoint:
    snapshot: dict[str, Any]
    learned: list[Event]
    committed: bool = False


class Member:
    """A process with its disk; ``reads`` is what it believes to own."""

    def __init__(self, number: int, group: Group) -> None:
        self.number, self.group, self.down = number, group, False
        self.disk = [Checkpoint(Ledger.of(None).to_json(), [], committed=True)]
        self.take_up()

    def take_up(self) -> None:
        """Begin a life, or an undone one, with the newest checkpoint."""
        newest = self.disk[-1]
        self.ledger = Ledger.of(newest.snapshot | {"committed": newest.committed})
        self.learned = list(newest.learned)
        self.reads: set[TopicPartition] = set()

    def join(self) -> None:
        """Take part in the group with the partitions that it was given, as often as it takes."""
        mine = sorted(part for part, owner in self.group.owners.items() if owner == self.number)
        while True:
            try:
                placed: dict[TopicPartition, Position] = ModelPlacement(self.group, self.ledger).place(
                    mine, TOPICS, set()
                )
            except CheckpointRefusedError:
                self.disk.pop()
                self.take_up()
            else:
                break
        self.ledger.positions |= placed
        self.reads = set(mine)

    def read(self, part: TopicPartition, count: int) -> None:
        at = self.ledger.positions[part]
        end = min(at.offset + count, self.group.ends[part])
        self.learned += [(part.partition, offset) for offset in range(at.offset, end)]
        self.ledger.positions[part] = at.moved(end, 0)

    def save(self) -> None:
        self.disk.append(Checkpoint(self.ledger.to_json(), list(self.learned)))

    def commit(self, *, answered: bool = True) -> bool:
        """Return whether it is known to have committed; a broker takes nothing of who is no member any more."""
        positions = from_json(self.disk[-1].snapshot)
        offsets = self.ledger.to_commit(positions, self.reads)
        if any(self.group.owners.get(part) != self.number for part in self.reads):
            return False
        self.group.offsets |= offsets
        if answered:
            self.ledger.has_committed(offsets)
            self.disk[-1].committed = True
        return answered


class World:
    """A group, its members, and what may happen to them."""

    def __init__(self) -> None:
        self.group = Group()
        self.members = [Member(number, self.group) for number in range(MEMBERS)]

    def read(self, turn: int, which: TopicPartition) -> None:
        """Events come, and one who believes to own their partition learns some of them."""
        self.group.ends[which] += 2
        if reader := _one_of([member for member in self.members if which in member.reads], turn):
            reader.read(which, turn + 1)

    def save(self, turn: int, _: TopicPartition) -> None:
        self._save(turn, answered=True)

    def save_and_die_before_the_commit(self, turn: int, _: TopicPartition) -> None:
        if member := self._at_work(turn):
            member.save()
            self._leave(member)

    def save_and_die_before_the_answer(self, turn: int, _: TopicPartition) -> None:
        self._save(turn, answered=False)

    def die(self, turn: int, _: TopicPartition) -> None:
        if member := self._at_work(turn):
            self._leave(member)

    def be_removed_without_noticing(self, turn: int, _: TopicPartition) -> None:
        if member := self._at_work(turn):
            self._free(member.number)

    def hand_over(self, turn: int, which: TopicPartition) -> None:
        """Every member saves and commits before it joins anew; who cannot goes back; who is down stays so."""
        self.members[turn].down = False
        for member in self.members:
            if member.reads:
                member.save()
                if not member.commit():
                    member.take_up()
                member.reads = set()
        self.group.owners[which] = turn
        for member in self.members:
            if not member.down:
                member.join()

    def end(self) -> list[Event]:
        """Let all end in an orderly way, and return what they have learned then."""
        for member in self.members:
            self._leave(member)
        self.group.owners = dict(zip(PARTS, range(MEMBERS), strict=False))
        for member in self.members:
            member.join()
        for number, part in enumerate(PARTS):
            self.members[number].read(part, self.group.ends[part])
        for member in self.members:
            member.save()
            assert member.commit()
        return sorted(event for member in self.members for event in member.disk[-1].learned)

    def _at_work(self, turn: int) -> Member | None:
        return _one_of([member for member in self.members if member.reads], turn)

    def _save(self, turn: int, *, answered: bool) -> None:
        if member := self._at_work(turn):
            member.save()
            if not member.commit(answered=answered):
                self._leave(member)

    def _leave(self, member: Member) -> None:
        self._free(member.number)
        member.take_up()
        member.down = True

    def _free(self, number: int) -> None:
        self.group.owners = {part: owner for part, owner in self.group.owners.items() if owner != number}


def _one_of(members: list[Member], turn: int) -> Member | None:
    return members[turn % len(members)] if members else None


HAPPENINGS = [
    World.read,
    World.save,
    World.save_and_die_before_the_commit,
    World.save_and_die_before_the_answer,
    World.die,
    World.be_removed_without_noticing,
    World.hand_over,
]
happenings = st.tuples(st.sampled_from(HAPPENINGS), st.integers(0, MEMBERS - 1), st.sampled_from(PARTS))


@settings(max_examples=300)
@given(st.lists(happenings, min_size=20, max_size=60))
def test_whatever_happens_to_its_members_each_event_is_learned_by_one_of_them(
    course: list[tuple[Callable[[World, int, TopicPartition], None], int, TopicPartition]],
) -> None:
    world = World()
    for happens, turn, which in course:
        happens(world, turn, which)
    learned = world.end()
    ends = world.group.ends
    assert learned == [(part.partition, offset) for part in PARTS for offset in range(ends[part])]
