"""The Kafka source without a broker: whatever happens, in whatever order, each event is learned once by one model.

The source, its ledger and its placement are real; a model stands for brokers, groups and disks. What only a broker
does (connections, fetches, the protocol of a rebalance) is not here, but in ``test_source_group`` and the faults.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from kafka import TopicPartition, errors
from kafka.structs import OffsetAndMetadata

from connectors.kafka.claims import GroupOffset
from connectors.kafka.placement import KafkaPlacement
from connectors.kafka.positions import ForeignOffsetsError, ForgottenError, Log
from connectors.kafka.shared_placement import SharedPlacement
from connectors.kafka.source import KafkaSource
from connectors.kafka.topics import TopicFacts
from connectors.source import CheckpointRefusedError, PartitionsLostError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.kafka.ledger import Ledger
    from connectors.kafka.source_options import KafkaSourceOptions

PARTS = [TopicPartition("plant", 0), TopicPartition("plant", 1)]
TOPICS = {"plant": TopicFacts(None, (0, 1))}
MEMBERS = 3

Event = tuple[int, int]


class Row(NamedTuple):
    """What is read of a record."""

    topic: str
    partition: int
    offset: int
    leader_epoch: int = 0


@dataclass
class Cluster:
    """What brokers know."""

    logs: dict[TopicPartition, list[int]] = field(default_factory=lambda: {part: [] for part in PARTS})
    """The offsets that hold a record; what is missing between them was compacted, or marks a transaction."""
    ends: dict[TopicPartition, int] = field(default_factory=lambda: dict.fromkeys(PARTS, 0))
    offsets: dict[TopicPartition, OffsetAndMetadata] = field(default_factory=dict)
    owners: dict[TopicPartition, int] = field(default_factory=dict)
    fenced: set[int] = field(default_factory=set)
    """The members that were removed from the group, and have not joined anew."""
    aware: set[int] = field(default_factory=set)
    """Those of them that will notice with the next poll."""

    def append(self, part: TopicPartition, count: int, hole: int) -> None:
        """Write records, and leave offsets without any behind them."""
        end = self.ends[part]
        self.logs[part] += range(end, end + count)
        self.ends[part] = end + count + hole

    def remove(self, number: int, *, fence: bool) -> None:
        """Take all partitions from a member."""
        self.owners = {part: owner for part, owner in self.owners.items() if owner != number}
        if fence:
            self.fenced.add(number)

    @property
    def events(self) -> list[Event]:
        """All that there is to learn."""
        return [(part.partition, offset) for part in PARTS for offset in self.logs[part]]


def placement(
    kind: type[KafkaPlacement], cluster: Cluster, options: KafkaSourceOptions, ledger: Ledger, *, client: Reader
) -> Any:
    """Return a placement that asks the model."""

    class Asking(kind):  # type: ignore[misc, valid-type]
        def _logs(self, parts: list[TopicPartition], _: Any) -> dict[TopicPartition, Log]:
            return {part: Log(0, cluster.ends[part]) for part in parts}

        def _committed(self, parts: list[TopicPartition]) -> dict[TopicPartition, GroupOffset]:
            return {part: GroupOffset.of(cluster.offsets[part]) for part in parts if part in cluster.offsets}

    return Asking(client, options, ledger)


class Reader:
    """In the place of ``KafkaReader`` and its client: reads the model's logs, and commits to its group."""

    waits_for_checkpoint = False
    not_ready = dependency_missing = ""

    def __init__(self, cluster: Cluster, options: KafkaSourceOptions, ledger: Ledger, *, number: int) -> None:
        self._cluster, self._ledger, self._number = cluster, ledger, number
        self._shared = options.mode == "subscribe"
        kind = SharedPlacement if self._shared else KafkaPlacement
        self._placement = placement(kind, cluster, options, ledger, client=self)
        self.client = self
        self.ours: list[TopicPartition] = []
        self.placed = False
        self.loses_answers = False

    @property
    def undecided(self) -> bool:
        """As of a reader."""
        return bool(self._placement.undecided)

    def join(self) -> None:
        """Take the partitions that it is given."""
        self.ours = [each for each in PARTS if not self._shared or self._cluster.owners.get(each) == self._number]
        if self.ours or self._placement.undecided:
            for part, at in self._placement.place(self.ours, TOPICS, set()).items():
                self._ledger.put(part, at, 0.0)
        self.placed = True

    def read(self, max_records: int, _: float) -> Sequence[Row]:
        """Return what comes next in each partition; find out, as late as that, what was lost."""
        if not self.placed:
            self.join()
        if self._number in self._cluster.fenced & self._cluster.aware:
            self.placed = False
            self._cluster.fenced.discard(self._number)
            self._cluster.aware.discard(self._number)
            self._ledger.lost |= self._ledger.unsettled(set(self.ours) & self._ledger.positions.keys())
            return []
        rows: list[Row] = []
        for part in self.ours:
            there = [at for at in self._cluster.logs[part] if at >= self._ledger.positions[part].offset]
            run = [Row(part.topic, part.partition, at) for at in there[: max_records - len(rows)]]
            rows += self._ledger.advance(part, run, 0.0) if run else []
        return rows

    def commit(self, offsets: Mapping[TopicPartition, OffsetAndMetadata], timeout_seconds: float) -> None:
        """Commit, unless the group has removed this member; the answer may be lost."""
        if self._shared and self._number in self._cluster.fenced:
            raise errors.CommitFailedError
        self._cluster.offsets |= offsets
        if self.loses_answers:
            raise errors.KafkaTimeoutError("no answer")

    def close(self, timeout_seconds: float) -> None:
        """Leave."""

    def high_watermark(self, _: TopicPartition) -> None:
        """Not known here."""


@dataclass
class Checkpoint:
    snapshot: dict[str, Any]
    learned: list[Event]
    committed: bool = False


class Model:
    """A process with its disk, and the operator who answers when it stops with 65."""

    def __init__(self, cluster: Cluster, number: int, options: KafkaSourceOptions) -> None:
        self.cluster, self.number, self._options = cluster, number, options
        self.disk: list[Checkpoint] = []
        self.aside: list[Checkpoint] = []
        """What the last rollback has moved away."""
        self.backup: list[Checkpoint] = []
        self.learned: list[Event] = []
        self.source: KafkaSource | None = None
        self.reader: Reader | None = None

    def start(self) -> None:
        """Begin a life, or an undone one, with the newest checkpoint."""
        self.source = KafkaSource(self._options, monotonic=lambda: 0.0, sleep=lambda _: None, clock=lambda: 0.0)
        self.source._connect = self._connect  # type: ignore[method-assign]
        newest = self.disk[-1] if self.disk else None
        self.learned = [] if newest is None else list(newest.learned)
        self.source.open(None if newest is None else newest.snapshot | {"committed": newest.committed})
        if newest is None:
            self.save()  # the loop begins with a state to go back to

    def _connect(self, _: float) -> Any:
        assert self.source is not None
        self.reader = Reader(self.cluster, self._options, self.source._ledger, number=self.number)
        return self.reader

    def poll(self, most: int = 100) -> None:
        """Learn what comes; where that cannot be, go back, or do what the message says."""
        if self.source is None:
            self.start()
        assert self.source is not None
        try:
            rows = self.source.poll(most, 0.0)
        except CheckpointRefusedError:
            self.disk.pop()
            self.start()
        except PartitionsLostError:
            self.cluster.fenced.discard(self.number)
            self.start()
        except ForgottenError:  # which says: undo the rollback
            self.disk, self.aside = self.disk + self.aside, []
            self.die()
        except ForeignOffsetsError:  # which says: ignore them
            self._options = self._options.model_copy(update={"on_group_offsets": "ignore"})
            self.die()
        else:
            self.learned += [(row.partition, row.offset) for row in rows]

    def save(self) -> None:
        """Make a checkpoint, if anything has come since the last."""
        if self.source is not None and not (self.disk and self.source.snapshot() == self.disk[-1].snapshot):
            self.disk.append(Checkpoint(self.source.snapshot(), list(self.learned)))
            self.aside = []

    def commit(self, *, answered: bool = True) -> bool:
        """Commit the newest checkpoint; return whether it is known to be."""
        if self.source is None or self.reader is None or not self.disk:
            return False
        self.reader.loses_answers = not answered
        done = self.source.commit(self.disk[-1].snapshot)
        self.disk[-1].committed |= done
        return done

    def stop(self) -> None:
        """Save, commit, and end."""
        self.save()
        self.commit()
        self.die()

    def die(self) -> None:
        """End at once."""
        self.source = self.reader = None

    def lose_connection(self) -> None:
        """Go on with a new client, as after an error; it may commit before it has heard what its share is."""
        if self.source is not None:
            self.save()
            self.source.close()
            self.source._reader = self._connect(0.0)
            assert self.reader is not None
            self.reader.placed = True
            self.commit()
            self.reader.placed = False

    def roll_back(self, to: int) -> None:
        """Make an older checkpoint the newest; the process is stopped."""
        keep = 1 + to % len(self.disk)
        self.disk, self.aside = self.disk[:keep], self.disk[keep:] + self.aside

    def catch_up(self) -> None:
        """Learn all there is in the partitions that it has, and make it known."""
        for _ in range(20):
            self.poll()
            if self.source is not None and self.reader is not None and self.reader.placed:
                at = self.source._ledger.positions
                if all(self.cluster.logs[part][-1:] < [at[part].offset] for part in self.reader.ours):
                    break
        self.save()
        assert self.commit()


numbers = st.integers(0, MEMBERS - 1)
parts = st.sampled_from(PARTS)


class Alone(RuleBasedStateMachine):
    """One model that reads all partitions, and commits to a group for others to see."""

    options: ClassVar[dict[str, Any]] = {"mode": "assign"}
    members: ClassVar[int] = 1

    def __init__(self) -> None:
        super().__init__()
        self.cluster = Cluster()
        given = KafkaSource.Options(topics=("plant",), group="plant", **self.options)
        self.models = [Model(self.cluster, number, given) for number in range(self.members)]

    def one(self, number: int) -> Model:
        return self.models[number % self.members]

    @rule(part=parts, count=st.integers(1, 4), hole=st.integers(0, 2))
    def write(self, part: TopicPartition, count: int, hole: int) -> None:
        self.cluster.append(part, count, hole)

    @rule(number=numbers, most=st.integers(1, 5))
    def learn(self, number: int, most: int) -> None:
        self.one(number).poll(most)

    @rule(number=numbers)
    def checkpoint(self, number: int) -> None:
        self.one(number).save()
        self.one(number).commit()

    @rule(number=numbers, sent=st.booleans())
    def die_around_the_commit(self, number: int, sent: bool) -> None:  # noqa: FBT001 - Hypothesis gives it by name
        self.one(number).save()
        if sent:
            self.one(number).commit(answered=False)
        self.die(number)

    @rule(number=numbers)
    def die(self, number: int) -> None:
        self.one(number).die()
        self.cluster.remove(number % self.members, fence=False)

    @rule(number=numbers, expired=st.booleans())
    def lose_the_connection(self, number: int, expired: bool) -> None:  # noqa: FBT001 - see above
        """A group forgets such a client after a while, and so does the client that it was one."""
        self.one(number).poll(2)
        self.one(number).lose_connection()
        if expired:
            self.cluster.remove(number % self.members, fence=False)

    @rule(number=numbers, to=st.integers(0, 99))
    def roll_back(self, number: int, to: int) -> None:
        """Or restore a backup, or find the newest generations damaged."""
        if self.one(number).disk:
            self.one(number).stop()
            self.cluster.remove(number % self.members, fence=False)
            self.one(number).roll_back(to)

    @rule()
    def settle(self) -> None:
        """Let all there is be learned, and ask who has learned it."""
        for model in self.models:
            model.catch_up()
        learned = Counter(event for model in self.models for event in model.disk[-1].learned)
        assert learned == Counter(self.cluster.events)

    @invariant()
    def no_model_learns_an_event_twice(self) -> None:
        for model in self.models:
            assert len(set(model.learned)) == len(model.learned)

    def teardown(self) -> None:
        self.settle()


class BesideAnother(Alone):
    """The same, where somebody else commits to the group, too."""

    @rule(part=parts, offset=st.integers(0, 20))
    def somebody_commits(self, part: TopicPartition, offset: int) -> None:
        self.cluster.offsets[part] = OffsetAndMetadata(min(offset, self.cluster.ends[part]), "", -1)


class Sharing(Alone):
    """Members of a group, which hand the partitions to each other."""

    options: ClassVar[dict[str, Any]] = {"mode": "subscribe"}
    members: ClassVar[int] = MEMBERS

    @rule(number=numbers)
    def be_removed_without_noticing(self, number: int) -> None:
        if self.models[number].source is not None:
            self.cluster.remove(number, fence=True)

    @precondition(lambda self: self.cluster.fenced)
    @rule()
    def notice(self) -> None:
        self.cluster.aware |= self.cluster.fenced

    @rule(to=numbers, part=parts)
    def hand_over(self, to: int, part: TopicPartition) -> None:
        """Every member saves and commits before it joins anew; who is down stays so, unless it gets something."""
        self._save_all()
        self._own({**self.cluster.owners, part: to})
        self.models[to].poll(0)

    def settle(self) -> None:
        """Let all there is be learned, each partition by one that is drawn."""
        self._save_all()
        self._own({part: number for number, part in enumerate(PARTS)})
        super().settle()

    def _save_all(self) -> None:
        self.notice()
        for model in self.models:
            if model.source is not None:
                model.poll(0)  # who was removed goes back
                model.save()
                model.commit()

    def _own(self, owners: dict[TopicPartition, int]) -> None:
        self.cluster.owners, self.cluster.fenced, self.cluster.aware = owners, set(), set()
        for model in self.models:
            if model.reader is not None:
                model.reader.placed = False


TestAlone = Alone.TestCase
TestBesideAnother = BesideAnother.TestCase
TestSharing = Sharing.TestCase
TestAlone.settings = TestBesideAnother.settings = settings(max_examples=60, stateful_step_count=25)
TestSharing.settings = settings(max_examples=200, stateful_step_count=40)
