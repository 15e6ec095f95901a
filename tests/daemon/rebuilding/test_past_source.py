"""What cannot be read again as it was is refused, before anything is taken over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connectors.memory_source import MemorySource
from connectors.record import LocalRecord
from connectors.source import SourceDataError
from daemon.build.load import load
from daemon.config.schema import Config
from daemon.rebuilding.archived_source import ArchivedSource
from daemon.rebuilding.past_source import PastSource
from daemon.rebuilding.relearning import beside, require_keys_in_lines
from daemon.service import Service
from daemon.state.checkpoints import CheckpointStore
from tests.daemon.dead_letters.killed import run
from tests.daemon.erasure.planted import SUBJECT
from tests.daemon.erasure.test_killed_while_erasing import of_file
from tests.daemon.lives import SMALL

if TYPE_CHECKING:
    from pathlib import Path

HERE: dict[str, Any] = {"checkpoint": {"directory": "here"}}
KAFKA: dict[str, Any] = {"type": "kafka", "bootstrap_servers": "localhost:9", "topics": ["t"], "group": "g"}


@pytest.mark.parametrize("change", ["shorter", "another"])
def test_files_that_are_not_those_that_were_read_are_refused_and_nothing_is_changed(
    change: str, tmp_path: Path
) -> None:
    config = of_file(tmp_path)
    with Service(load(config)) as service:
        service.run(stop=lambda: False)
    path, generations = tmp_path / "events.jsonl", CheckpointStore(tmp_path / "state", keep=3).generations()
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join(lines[50:]) + b"\n")
    if change == "another":
        path.rename(tmp_path / "events.jsonl.old")
        path.write_bytes(b"\n".join([*lines[:1], *lines]) + b"\n")
        config.write_text(config.read_text().replace("events.jsonl", "event*.jsonl"))
        (tmp_path / "event.jsonl").write_bytes(lines[3] + b"\n")
    code, said = run("rebuild", "--key", SUBJECT.decode(), "-c", str(config), "--untrained", "--even-if-behind")
    assert code == 65, said
    assert "gone" in said or "not those that the daemon has read" in " ".join(said.split())
    assert CheckpointStore(tmp_path / "state", keep=3).generations() == generations


def test_a_source_that_is_shared_and_messages_of_several_events_are_refused() -> None:
    shared = Config.model_validate(SMALL | HERE | {"source": KAFKA | {"mode": "subscribe"}})
    with pytest.raises(SourceDataError, match="shared in a group"):
        beside(shared)
    several = {"type": "json", "label": "y", "explode": "readings"}
    with pytest.raises(SourceDataError, match=r"decoder\.explode"):
        beside(Config.model_validate(SMALL | HERE | {"decoder": several}))


def test_an_archive_is_read_before_the_source_wherever_it_was_left(tmp_path: Path) -> None:
    (tmp_path / "a-1.jsonl").write_bytes(b"1\n2\n3\n")
    (tmp_path / "a-2.jsonl").write_bytes(b"4\n")
    records = [LocalRecord("t", 0, offset, -1, None, b"%d" % offset, []) for offset in range(10, 14)]
    until = {"at": 3}
    expected = [b"1", b"2", b"3", b"4", b"10", b"11", b"12"]
    for stop in range(len(expected)):
        source, found = archived(tmp_path, records, until), list[bytes | None]()
        source.open(None)
        while len(found) < stop:
            found += [record.value for record in source.poll(1, 0.0)]
        snapshot = source.snapshot()
        source.close()
        source = archived(tmp_path, records, until)
        source.open(snapshot)
        while not source.exhausted:
            found += [record.value for record in source.poll(2, 0.0)]
        assert found == expected, stop
        assert source.snapshot() == until
        source.close()


def archived(directory: Path, records: list[LocalRecord], until: dict[str, Any]) -> PastSource:
    source = ArchivedSource([f"{directory}/a-*.jsonl"], MemorySource(records))
    return PastSource(source, until=until, without=lambda records: records)


def test_an_archive_whose_lines_name_no_key_is_refused() -> None:
    with pytest.raises(SourceDataError, match=r"decoder\.key names none"):
        require_keys_in_lines(Config.model_validate(SMALL | HERE))


def test_it_reads_in_no_group_from_the_beginning_and_writes_nothing() -> None:
    own = beside(Config.model_validate(SMALL | HERE | {"source": KAFKA | {"start": "latest"}}))
    assert (own.source.group, own.source.start) == (None, "earliest")
    assert (own.predictions, own.dead_letters) == (None, None)
