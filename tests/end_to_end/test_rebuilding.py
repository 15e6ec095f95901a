"""A rebuilding of a real topic is killed and goes on, and the daemon that runs takes it over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from kafka import KafkaAdminClient, TopicPartition

from connectors.kafka.client import TidyClient
from daemon.state.audit_log import AuditLog
from daemon.state.checkpoints import CheckpointStore
from daemon.state.rebuild_plan import rebuild_directory
from tests.daemon.dead_letters.killed import killed, run
from tests.daemon.erasure.planted import SUBJECT, traces
from tests.daemon.erasure.test_killed_while_erasing import configured, events
from tests.end_to_end.daemon_process import DaemonProcess
from tests.kafka.broker import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.launcher import Launcher
    from tests.kafka.cluster import Cluster

LEARNED = sum(value.startswith(b"{") for value in events())
OF_SUBJECT = sum(value.startswith(b"{") and SUBJECT in value for value in events())


def test_a_running_daemon_takes_over_what_was_rebuilt_beside_it(
    broker: Cluster, topic: str, launcher: Launcher, tmp_path: Path
) -> None:
    broker.produce(topic, events(), partition=0)
    source = f'{{type: kafka, bootstrap_servers: "{broker.bootstrap}", topics: [{topic}], group: {topic}}}'
    config = configured(tmp_path, source, port=free_port())
    with config.open("a") as file:
        file.write(f'predictions: {{type: file, path: "{tmp_path}/predictions.jsonl"}}\n')
    command = ("rebuild", "--key", SUBJECT.decode(), "-c", str(config), "--even-if-behind")
    with DaemonProcess(launcher, config, log=tmp_path / "log") as daemon:
        daemon.until_events(LEARNED)
        assert killed(*command, at=(CheckpointStore, "write"), call=2, after=True)
        code, said = run(*command)
        assert code == 0, said
        assert "going on where the last one was stopped" in said
        daemon.until_said("a rebuilt state has taken over")
        broker.produce(topic, [events()[0]], partition=0)
        daemon.until_events(LEARNED - OF_SUBJECT + 1)
        assert daemon.stop() == 0, daemon.log
    offsets = [json.loads(line)["offset"] for line in (tmp_path / "predictions.jsonl").read_text().splitlines()]
    assert len(offsets) == len(set(offsets)) == LEARNED + 1
    assert traces(tmp_path / "state") == []
    assert "rebuild" in {each["what"] for each in AuditLog(tmp_path / "state").verify()[0]}
    assert not rebuild_directory(tmp_path / "state").exists()
    assert broker.committed(topic) == {(topic, 0): len(events()) + 1}

    with KafkaAdminClient(bootstrap_servers=broker.bootstrap, kafka_client=TidyClient) as admin:
        admin.delete_records({TopicPartition(topic, 0): 100})
    code, said = run(*command)
    assert code == 0, said
    assert f"not all that was learned can be relearned: offset 0 of {topic}/0 is gone: its log begins at 100" in (
        " ".join(said.split())
    )
    assert learned(tmp_path) < LEARNED - 60

    # What the topic has no more is in an archive.
    (tmp_path / "archive-1.jsonl").write_bytes(b"\n".join(events()[:60]) + b"\n")
    (tmp_path / "archive-2.jsonl").write_bytes(b"\n".join(events()[60:100]) + b"\n")
    code, said = run(*command, "--archive", f"{tmp_path}/archive-*.jsonl")
    assert code == 0, said
    assert learned(tmp_path) == LEARNED - OF_SUBJECT + 1
    assert traces(tmp_path / "state") == []


def learned(directory: Path) -> int:
    saved = CheckpointStore(directory / "state", keep=3).require_newest().saved
    return int(saved.summary["events"])
