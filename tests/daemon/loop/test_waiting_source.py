"""Events that can't be decoded yet wait where they are: not rejected, not passed over, not lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from connectors.decoder import DecoderUnavailableError
from connectors.memory_source import END, MemorySource
from connectors.record import LocalRecord
from daemon.build.edges import waiting_for_decoder
from daemon.loop.waiting_source import WaitingSource
from tests.connectors.decoders.registry.sent import avro, double, prefix, reading
from tests.daemon.lives import Life, small_config
from tests.daemon.same_state import assert_same_state
from tests.registry.gate import Gate, holding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.record import Record

RECORDS = [LocalRecord("t", 0, n, -1, None, b"", []) for n in range(6)]
SCHEMA = reading(double("a"), double("b"))
HELD = holding({"/schemas/ids/1": {"schema": json.dumps(SCHEMA)}})


class Needs:
    """What decoding needs, there or not."""

    def __init__(self) -> None:
        self.there = False
        self.asked: list[list[int]] = []

    def __call__(self, records: Sequence[Record]) -> None:
        self.asked.append([record.offset for record in records])
        if not self.there:
            raise DecoderUnavailableError("no schemas today")


def waiting(needs: Needs, log: MemorySource | None = None) -> WaitingSource:
    source = WaitingSource(log or MemorySource([*RECORDS, END]), prepare=needs, sleep=lambda _: None)
    source.open(None)
    return source


def test_what_waits_is_delivered_later_and_nothing_else_is_read_meanwhile() -> None:
    needs, log = Needs(), MemorySource([*RECORDS, END])
    source = waiting(needs, log)
    assert [source.poll(4, 0.0) for _ in range(3)] == [()] * 3
    assert needs.asked == [[0, 1, 2, 3]] * 3
    assert log.snapshot() == {"at": 4}
    needs.there = True
    assert source.poll(1, 0.0) == RECORDS[:4]
    assert source.poll(9, 0.0) == RECORDS[4:]


def test_the_snapshot_is_from_before_what_waits_and_the_source_is_not_exhausted() -> None:
    needs = Needs()
    source = waiting(needs)
    source.poll(9, 0.0)
    assert (source.snapshot(), source.exhausted) == ({"at": 0}, False)
    assert (source.status().ready, source.status().reason) == (False, "no schemas today")
    needs.there = True
    source.poll(9, 0.0)
    assert (source.snapshot(), source.exhausted, source.status().ready) == ({"at": 6}, True, True)


def test_opened_again_it_begins_there_and_what_waited_comes_once() -> None:
    needs = Needs()
    source = waiting(needs)
    source.poll(4, 0.0)
    source.open(source.snapshot())
    needs.there = True
    assert source.poll(9, 0.0) == RECORDS


@pytest.mark.parametrize(
    ("decoder", "waits"), [("json", False), ("avro", True), ("protobuf", True), ("msgpack", False)]
)
def test_only_a_decoder_that_needs_something_lets_a_source_wait(decoder: str, waits: bool) -> None:  # noqa: FBT001
    options = {"type": decoder} | ({"registry": {"url": "http://registry"}} if waits else {})
    config = small_config(Path("never"), decoder=options)
    found = waiting_for_decoder(MemorySource([]), config.decoder, prepare=Needs())
    assert isinstance(found, WaitingSource) == waits


def sent(number: int) -> LocalRecord:
    value = prefix(1) + avro(SCHEMA, {"fault": "ok" if number % 3 else "leak", "a": float(number), "b": 0.5})
    return LocalRecord("plant", 0, number, -1, None, value, [])


def a_life(directory: Path, log: MemorySource, url: str) -> Life:
    """A process whose decoder asks a registry, not yet started."""
    decoder = {"type": "avro", "registry": {"url": url}, "label": "fault"}
    config = small_config(directory, decoder=decoder, tasks={"type": "none"})

    def prepare(records: Sequence[Record]) -> None:
        life.loop.pipeline.prepare(records)

    life = Life(config, waiting_for_decoder(log, config.decoder, prepare=prepare), directory=directory)
    life.start()
    return life


def test_an_outage_of_the_registry_and_deaths_in_it_change_nothing_that_is_learned(tmp_path: Path) -> None:
    there, states = True, []
    with Gate(lambda path: HELD(path) if there else (503, b"")) as gate:
        for name, deaths in (("whole", 0), ("outage", 2)):
            (tmp_path / name).mkdir()
            log = MemorySource([*map(sent, range(120)), END], poll_sizes=(50,))
            there = not deaths
            for _ in range(deaths):
                life = a_life(tmp_path / name, log, gate.url)
                assert [life.loop.turn() for _ in range(3)] == [0, 0, 0]
                life.loop.save()
                life.end()
            there = True
            life = a_life(tmp_path / name, log, gate.url)
            life.run()
            life.end()
            states.append(life.saved()["pipeline"])
            assert life.metric("events_rejected_total", stage="decode", reason="undecodable") == 0
            assert life.loop.pipeline.events == 120
    assert_same_state(*states)


def test_what_a_restored_state_holds_back_waits_for_the_registry_too(tmp_path: Path) -> None:
    there = True
    with Gate(lambda path: HELD(path) if there else (503, b"")) as gate:
        items = [*map(sent, range(10)), END]
        life = a_life(tmp_path, MemorySource(items), gate.url)
        assert (life.loop.turn(), life.loop.pipeline.held) == (10, 10)  # fewer than are to be looked at together
        life.loop.save()
        life.end()
        there = False
        life = a_life(tmp_path, MemorySource(items), gate.url)
        assert [life.loop.turn() for _ in range(2)] == [0, 0]
        assert not life.source.exhausted
        assert "503" in life.source.status().reason
        life.loop.finish()
        assert life.loop.pipeline.held == 10
        life.end()
        there = True
        life = a_life(tmp_path, MemorySource(items), gate.url)
        life.run()
        life.end()
    assert (life.loop.pipeline.events, life.loop.pipeline.held) == (10, 0)
    assert life.metric("events_rejected_total", stage="decode", reason="undecodable") == 0
