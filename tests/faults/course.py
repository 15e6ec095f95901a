"""One course: a topic, the daemons that learn it, what befalls them, and what the topic then says of it."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from tests.end_to_end.kill_and_resume import differences
from tests.faults.member import Member
from tests.faults.oracle import Fates, Verdict, compare, expected, is_held_out, remembered, takeable
from tests.faults.setting import PROBE_SHARE, Setting
from tests.faults.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from connectors.record import Record
    from tests.end_to_end.launcher import Launcher
    from tests.faults.proxied_broker import ProxiedBroker
    from tests.faults.stream import Position

COMPACTION = {
    "cleanup.policy": "compact",
    "segment.ms": "2000",
    "min.cleanable.dirty.ratio": "0.01",
    "max.compaction.lag.ms": "1000",
    "delete.retention.ms": "1000",
}
FIRST_EVENTS = 2_000
"""More than are looked at before a decoder decides how to read them, of one partition, too."""
DEADLINE_SECONDS = 120.0
PAUSE_SECONDS = 0.2
NOBODYS = -1
"""The partition of what was never committed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a course."""

    events: int
    verdict: Verdict
    differing: Sequence[str] | None
    """The parts of the state that are not those of a run without faults; None where that is not promised."""
    ends: Counter[int]
    """How often a daemon ended by itself, to be started again, by exit code."""

    @property
    def good(self) -> bool:
        """Whether all that is promised holds."""
        return self.verdict.good and not self.differing

    def __str__(self) -> str:
        """Return it in a line."""
        bits = "" if self.differing is None else f"; differing: {list(self.differing[:5])}"
        ends = f"; ended by itself, and started again: {dict(self.ends)}" if self.ends else ""
        return f"{self.events:,} events, {self.verdict}{bits}{ends}"


class Course:
    """What faults act on."""

    def __init__(
        self,
        broker: ProxiedBroker,
        launcher: Launcher,
        directory: Path,
        *,
        setting: Setting,
        seed: int,
    ) -> None:
        self.broker, self.setting, self.directory = broker, setting, directory
        self.chance = random.Random(seed)
        self._launcher = launcher
        self.topic = f"course-{directory.name}"
        config = COMPACTION if setting.compacted else None
        broker.create_topic(self.topic, partitions=setting.partitions, config=config)
        for name in ("predictions", "dead") if setting.to_kafka else ():
            broker.create_topic(f"{self.topic}-{name}", partitions=2)
        self.stream = Stream(broker, self.topic, partitions=setting.partitions, chance=self.chance)
        self.stream.grow(FIRST_EVENTS, FIRST_EVENTS + 500)
        every = self.chance.choice((100, 300, 1000))
        self.members = [self._member(f"member-{number}", every) for number in range(setting.members)]

    def _member(self, name: str, every_events: int, bootstrap: str | None = None) -> Member:
        place = self.directory / name
        config = self.setting.config(
            bootstrap=bootstrap or self.broker.proxied,
            topic=self.topic,
            directory=str(place),
            every_events=every_events,
        )
        return Member(self._launcher, place, config=config)

    def one(self) -> Member:
        """Draw a member."""
        return self.chance.choice(self.members)

    def run(self) -> None:
        """See to it that all members run, as their supervisors do."""
        for member in self.members:
            member.run()

    def let_learn(self, most_seconds: float = 1.2) -> None:
        """Let all members run for a time that is drawn."""
        until = time.monotonic() + self.chance.uniform(0.0, most_seconds)
        self.run()
        for member in self.members:
            member.until_started()
        time.sleep(max(0.0, until - time.monotonic()))

    def until(self, condition: Callable[[], bool], what: str, seconds: float = DEADLINE_SECONDS) -> None:
        """Wait for something, under supervision."""
        deadline = time.monotonic() + seconds
        while not condition():
            self.run()
            assert time.monotonic() < deadline, f"{what}, after {seconds:.0f} s:\n{self.logs()}"
            time.sleep(PAUSE_SECONDS)

    def close(self) -> None:
        """Kill whatever still runs."""
        for member in self.members:
            member.kill()

    def logs(self) -> str:
        """Return the ends of the members' logs."""
        return "\n".join(member.daemon.log[-4000:] for member in self.members if member.daemon is not None)

    def finish(self) -> Outcome:
        """Let everything be learned, stop, and judge."""
        self.stream.end()
        for member in self.members:
            member.machine.set_clock(0)
        self.until(lambda: self._settled(expected(self._records(), share=PROBE_SHARE)), "not all is learned")
        for member in self.members:
            member.stop()
        records = self._records()
        wanted = expected(records, share=PROBE_SHARE)
        verdict = compare(self._found(), wanted, ever=self._ever(wanted))
        differing = self._differing(len(wanted.predicted)) if self.setting.bits else None
        ends = Counter(code for member in self.members for code in member.ends)
        return Outcome(len(records), verdict, differing, ends)

    def _records(self) -> list[Record]:
        """Return what is to be learned of the topic; of a compacted one that is less and less."""
        records = self.broker.read_all(self.topic, isolation_level="read_committed")
        places = {(record.partition, record.offset) for record in records}
        assert places <= {*self.stream.events.values(), *self.stream.bad}, "the topic has what nobody wrote"
        if "order" in self.setting.source:
            return takeable(records, partitions=self.setting.partitions)
        return records

    def _settled(self, wanted: Fates) -> bool:
        """Whether all is learned; where members share it, also whether the group knows, so that it is final."""
        published = Counter(_places(self._lines("predictions")))
        if self.setting.members == 1:
            return published.keys() >= wanted.predicted.keys()
        ends = {partition: offset + 1 for partition, offset in sorted(wanted.predicted)}
        committed = self.broker.committed(self.topic)
        known = all(committed.get((self.topic, partition), 0) >= end for partition, end in ends.items())
        return published == wanted.predicted and known

    def _lines(self, name: str) -> Iterable[dict[str, Any]]:
        if not self.setting.to_kafka:
            return [line for member in self.members for line in member.lines(name)]
        records = self.broker.read_all(f"{self.topic}-{name}", isolation_level="read_committed")
        return [_line(record) for record in records]

    def _found(self) -> Fates:
        learned: Counter[Position] = Counter()
        held_out: Counter[Position] = Counter()
        for member in self.members:
            for fate, numbers in zip((learned, held_out), remembered(member.newest_state()), strict=True):
                for number, count in numbers.items():
                    fate[self.stream.events.get(number, (NOBODYS, number))] += count
        places = [Counter(_places(self._lines(name))) for name in ("dead", "predictions")]
        return Fates(learned, held_out, *places)

    def _ever(self, wanted: Fates) -> Fates:
        """Return what may have become of all that was ever in the topic."""
        if not self.setting.compacted:
            return wanted
        good, bad = Counter(self.stream.events.values()), Counter(self.stream.bad)
        held = Counter(at for at in good if is_held_out(self.topic, *at, share=PROBE_SHARE, seed=0))
        return Fates(good - held, held, bad, good)

    def _differing(self, events: int) -> list[str]:
        """Compare with a run of the same configuration that nothing befell."""
        calm = self._member("calm", 100_000, bootstrap=self.broker.bootstrap)
        calm.file.write_text(calm.file.read_text().replace(f"group: {self.topic}", f"group: {self.topic}-calm"))
        calm.run().until_events(events)
        calm.stop()
        return differences(*(each.newest_state()["pipeline"] for each in (calm, self.members[0])))


def _line(record: Record) -> dict[str, Any]:
    said = dict(record.headers)
    if "__connect.errors.offset" not in said:
        line: dict[str, Any] = orjson.loads(record.value or b"")
        return line
    return {name: int(said[f"__connect.errors.{name}"]) for name in ("partition", "offset")}


def _places(lines: Iterable[dict[str, Any]]) -> list[Position]:
    return [(line["partition"], line["offset"]) for line in lines]
