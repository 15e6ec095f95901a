"""What must have become of every event, computed from the topic alone, and what has."""

from __future__ import annotations

import zlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from connectors.record import Record
    from tests.faults.stream import Position

SIXTY_FOUR = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Fates:
    """The events by what becomes of them; how often each is in what was found."""

    learned: Counter[Position]
    held_out: Counter[Position]
    rejected: Counter[Position]
    predicted: Counter[Position]

    def by_name(self) -> dict[str, Counter[Position]]:
        """Return them by name."""
        return {name: getattr(self, name) for name in ("learned", "held_out", "rejected", "predicted")}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with what was found: of each fate how many are lost, twice, and another's."""

    lost: Mapping[str, int]
    twice: Mapping[str, int]
    other: Mapping[str, int]

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not any(map(self.total, ("lost", "twice", "other")))

    def total(self, wrong: str) -> int:
        """Return how many are wrong in that way."""
        counts: Mapping[str, int] = getattr(self, wrong)
        return sum(counts.values())

    def __str__(self) -> str:
        """Return it in words."""
        return ", ".join(f"{wrong} {dict(getattr(self, wrong))}" for wrong in ("lost", "twice", "other"))


def compare(found: Fates, expected: Fates, *, ever: Fates) -> Verdict:
    """Compare with what the topic holds; ``ever`` is what it held before it was compacted, too."""
    pairs = [(name, found.by_name()[name], wanted) for name, wanted in expected.by_name().items()]
    return Verdict(
        lost={name: len(wanted.keys() - counts.keys()) for name, counts, wanted in pairs},
        twice={name: sum(counts.values()) - len(counts) for name, counts, _ in pairs},
        other={name: len(counts.keys() - ever.by_name()[name].keys()) for name, counts, _ in pairs},
    )


def expected(records: Iterable[Record], *, share: float, seed: int = 0) -> Fates:
    """Return what must become of the records of a topic."""
    good: set[Position] = set()
    bad: set[Position] = set()
    held: set[Position] = set()
    for record in records:
        at = (record.partition, record.offset)
        (good if is_event(record.value) else bad).add(at)
        if is_held_out(record.topic, *at, share=share, seed=seed):
            held.add(at)
    return Fates(Counter(good - held), Counter(good & held), Counter(bad), Counter(good))


def is_event(value: bytes | None) -> bool:
    """Tell whether a value is a JSON object."""
    try:
        return isinstance(orjson.loads(value or b""), dict)
    except orjson.JSONDecodeError:
        return False


def is_held_out(topic: str, partition: int, offset: int, *, share: float, seed: int) -> bool:
    """Tell by the documented hash of its position whether an event is kept from learning."""
    stream = _splitmix(seed, (zlib.crc32(topic.encode()) << 20) + partition)
    return (_splitmix(stream, offset) >> 11) < share * (1 << 53)


def _splitmix(seed: int, index: int) -> int:
    """Return output ``index`` of the splitmix64 generator that starts at ``seed``."""
    z = (seed + (index + 1) * 0x9E3779B97F4A7C15) & SIXTY_FOUR
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & SIXTY_FOUR
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & SIXTY_FOUR
    return z ^ (z >> 31)


def takeable(records: Sequence[Record], *, partitions: int) -> list[Record]:
    """Return the records that can be taken by timestamp: those before the first that any partition lacks."""
    last = {
        number: max(_order(each) for each in records if each.partition == number) for number in range(partitions)
    }
    return [record for record in records if _order(record) <= min(last.values())]


def _order(record: Record) -> tuple[int, int, int]:
    return record.timestamp, record.partition, record.offset


def remembered(state: Mapping[str, Any]) -> tuple[Counter[int], Counter[int]]:
    """Return the numbers of the events that a state has learned, or will with the next block, and has held out."""
    pipeline = state["pipeline"]
    column = pipeline["intake"]["features"]["names"].index("n")
    learner = pipeline["main_learner"]
    memory = learner["scored"]["learner"]["strategies"]["replay"]["memory"]["storage"]
    learned = [round(each) for each in memory["x"][:, column].tolist()]
    held = [round(n) for each in learner["probes"]["sets"].values() for n in each["x"][:, column].tolist()]
    block = learner["block"]
    for n, kept in zip(
        *(block["x"][:, column].tolist(), block["held_out"].tolist()) if block else ((), ()), strict=True
    ):
        (held if kept else learned).append(round(n))
    return Counter(learned), Counter(held)
