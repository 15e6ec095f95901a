"""A run of junk stops the daemon, is passed once, start by start or on an operator's word; nothing else is lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from daemon.cli import app
from tests.end_to_end.daemon_process import DaemonProcess
from tests.end_to_end.plant import plant
from tests.end_to_end.small_plant import SmallPlant
from tests.kafka.bulk import load

if TYPE_CHECKING:
    from pathlib import Path

    from connectors.record import Record
    from tests.end_to_end.launcher import Launcher
    from tests.kafka.cluster import Cluster

BEFORE, JUNK, BEHIND = 500, 2_600, 600
END = BEFORE + JUNK + BEHIND
FILES = """
name: plant
source: {{type: file, path: "{directory}/events.jsonl"}}
decoder: {{type: json, label: fault, task: regime, missing: mean}}
tasks: {{type: field}}
model: {{type: mlp, hidden: [8]}}
learner: {{batch: 8, steps: fixed}}
strategies: []
retention: {{probe_share: 0}}
checkpoint: {{directory: "{directory}/state"}}
predictions: {{type: file, path: "{directory}/predictions.jsonl"}}
http: {{port: 0}}
log: {{format: json}}
"""


def stream(junk: int = JUNK) -> list[bytes]:
    events = list(plant(BEFORE + BEHIND))
    return [*events[:BEFORE], *(b"junk %d" % number for number in range(junk)), *events[BEFORE:]]


def skip(config: Path, *options: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["skip", "-c", str(config), *options])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


@pytest.fixture
def made(broker: Cluster, topic: str, launcher: Launcher, tmp_path: Path) -> SmallPlant:
    """A plant whose topic has a run of junk in the middle, and whose dead letters have a topic of their own."""
    load(broker.bootstrap, topic, stream())
    dead = broker.create_topic(f"{topic}-dead")
    sections = f'dead_letters: {{type: kafka, bootstrap_servers: "{broker.bootstrap}", topic: {dead}}}'
    return SmallPlant(
        launcher,
        tmp_path / "plant",
        bootstrap=broker.bootstrap,
        topic=topic,
        sections=sections,
        max_poll_records="500",
    )


def ended(daemon: DaemonProcess) -> bool:
    return daemon.said("stopped") is not None


def letters(broker: Cluster, topic: str) -> list[int]:
    found: list[Record] = broker.read_all(f"{topic}-dead", isolation_level="read_committed")
    return [int(dict(letter.headers)["__connect.errors.offset"]) for letter in found]


def test_each_start_goes_on_behind_what_is_a_dead_letter_until_the_junk_is_passed(
    broker: Cluster, topic: str, made: SmallPlant
) -> None:
    for _ in range(8):
        with made.live() as daemon:
            daemon.until(lambda: ended(daemon) or len(made.learned()) == BEFORE + BEHIND)
            if not ended(daemon):
                assert daemon.stop() == 0, daemon.log
                break
            assert daemon.wait() == 65, daemon.log
    junk = list(range(BEFORE, BEFORE + JUNK))
    assert sorted(letters(broker, topic)) == junk
    assert [offset for _, offset in made.learned()] == [*range(BEFORE), *range(BEFORE + JUNK, END)]


def test_an_operator_passes_it_at_once(broker: Cluster, topic: str, made: SmallPlant) -> None:
    assert "501 of the last 1000 events were rejected" in made.refusal()
    rejected = len(letters(broker, topic))
    stood = BEFORE + rejected
    newest = max((made.state / "checkpoints").glob("0*"))
    code, said = skip(made.file, "--until-good", "--dry-run")
    assert code == 0, said
    assert f"{topic}/0: from offset {stood} to {BEFORE + JUNK}, {JUNK - rejected:,} records" in said
    assert f"{JUNK - rejected:,} would be rejected: undecodable at decode" in said
    assert f"offset {stood}: 'junk {rejected}', undecodable at decode" in said
    assert max((made.state / "checkpoints").glob("0*")) == newest
    assert skip(made.file, "--to", str(stood))[0] == 64
    assert "behind it" in skip(made.file, "--to", str(END + 1))[1]
    code, said = skip(made.file, "--to", str(BEFORE + JUNK + 10), "--dry-run")
    assert "10 would be LEARNED, and are given up" in said
    code, said = skip(made.file, "--until-good")
    assert code == 0, said
    (line,) = map(json.loads, (made.state / "audit.jsonl").read_text().splitlines())
    assert (line["what"], line["from"], line["to"]) == ("skip", stood, BEFORE + JUNK)
    assert line["by"]
    with made.live() as daemon:
        daemon.until_events(BEFORE + BEHIND)
        assert f"skipped on request: {topic}/0 from offset {stood}" in daemon.get("/page/history")[1]
        assert daemon.stop() == 0, daemon.log
    assert len(letters(broker, topic)) == rejected
    assert [offset for _, offset in made.learned()] == [*range(BEFORE), *range(BEFORE + JUNK, END)]


def test_in_a_file_it_is_passed_too_where_nothing_keeps_what_is_rejected(
    launcher: Launcher, tmp_path: Path
) -> None:
    junk = 5_000  # more than a poll takes
    config, events = tmp_path / "retaind.yaml", tmp_path / "events.jsonl"
    config.write_text(FILES.format(directory=tmp_path))
    events.write_bytes(b"\n".join(stream(junk)) + b"\n")
    with DaemonProcess(launcher, config, log=tmp_path / "log") as daemon:
        assert daemon.wait() == 65, daemon.log
    code, said = skip(config, "--until-good")
    assert code == 0, said
    assert f"to {BEFORE + junk}, " in said
    with DaemonProcess(launcher, config, log=tmp_path / "log-last") as daemon:
        assert daemon.wait() == 0, daemon.log
    learned = [json.loads(line)["offset"] for line in (tmp_path / "predictions.jsonl").read_text().splitlines()]
    assert learned == [*range(BEFORE), *range(BEFORE + junk, BEFORE + junk + BEHIND)]
