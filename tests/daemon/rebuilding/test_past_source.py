"""What cannot be read again as it was is refused, before anything is taken over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connectors.source import SourceDataError
from daemon.build.load import load
from daemon.config.schema import Config
from daemon.rebuilding.relearning import beside
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


def test_it_reads_in_no_group_from_the_beginning_and_writes_nothing() -> None:
    own = beside(Config.model_validate(SMALL | HERE | {"source": KAFKA | {"start": "latest"}}))
    assert (own.source.group, own.source.start) == (None, "earliest")
    assert (own.predictions, own.dead_letters) == (None, None)
