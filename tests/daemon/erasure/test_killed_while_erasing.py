"""A daemon that gets SIGKILL while it erases leaves nothing of the key, once it or the command is run again."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx
import orjson

from daemon.build.load import load
from daemon.service import Service
from daemon.state.audit_log import AuditLog
from daemon.state.checkpoints import CheckpointStore
from daemon.state.erasure_request import ErasureRequest
from tests.daemon.dead_letters.killed import killed, run
from tests.daemon.erasure.planted import SUBJECT, planted, traces
from tests.end_to_end.daemon_process import PAUSE_SECONDS, DaemonProcess
from tests.kafka.broker import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.launcher import Launcher
    from tests.kafka.cluster import Cluster

TOKEN = "a-token-for-the-test-of-kills"  # noqa: S105 - of this test alone
CONFIG = """
name: plant
source: {source}
decoder: {{type: json, label: y, task: task, key: key, features: [a, b, c], first_events: 1}}
label: {{max_classes: 3}}
tasks: {{type: field}}
model: {{type: mlp, hidden: [6]}}
learner: {{batch: 8}}
strategies: [{{type: replay, rows: 40}}]
companions: {{naive: null, frozen: null}}
retention: {{probe_share: 0.2, probe_rows: 10, window: 30, every_events: 50}}
checkpoint: {{directory: "{directory}/state", every_events: 60, every_seconds: 1000000000.0}}
dead_letters: {{type: file, path: "{directory}/dead.jsonl"}}
erasure: {{tombstones: forget}}
rejections: {{max_share: 0.9}}
http: {{port: {port}, control: {{token_file: "{directory}/token"}}}}
log: {{format: json}}
"""


def events() -> list[bytes]:
    """The planted stream, each event with its key in a field."""
    found = []
    for record in planted():
        value = record.value or b""
        named = {"key": (record.key or b"").decode()}
        found.append(orjson.dumps(orjson.loads(value) | named) if value.startswith(b"{") else value)
    return found


def configured(directory: Path, source: str, *, port: int = 0) -> Path:
    (directory / "token").write_text(TOKEN)
    config = directory / "retaind.yaml"
    config.write_text(CONFIG.format(source=source, directory=directory, port=port))
    return config


def of_file(directory: Path, **more: Any) -> Path:
    (directory / "events.jsonl").write_bytes(b"\n".join(events()) + b"\n")
    follow = ", follow: true" if more.pop("follow", False) else ""
    return configured(directory, f'{{type: file, path: "{directory}/events.jsonl"{follow}}}', **more)


def assert_gone(directory: Path, config: Path) -> None:
    assert traces(directory / "state") == []
    assert SUBJECT not in (directory / "dead.jsonl").read_bytes()
    assert ErasureRequest.pending(directory / "state") is None
    assert AuditLog(directory / "state").erasures()
    assert run("checkpoint", "verify", "-c", str(config))[0] == 0


def test_the_command_is_killed_at_each_step_and_run_again(tmp_path: Path) -> None:
    config = of_file(tmp_path)
    with Service(load(config)) as service:
        service.run(stop=lambda: False)
    assert traces(tmp_path / "state") != []
    command = ("forget", "--key", SUBJECT.decode(), "-c", str(config))
    for at, after in (
        ((ErasureRequest, "begin"), True),
        ((CheckpointStore, "write"), True),
        ((CheckpointStore, "remove_all_but"), False),
        ((AuditLog, "append"), False),
        ((AuditLog, "append"), True),
    ):
        assert killed(*command, at=at, after=after)
        assert ErasureRequest.pending(tmp_path / "state") is not None
    assert run(*command)[0] == 0
    assert_gone(tmp_path, config)


def ask(address: str) -> None:
    """Ask a daemon to forget the subject, once it has learned all there is."""
    learned = sum(value.startswith(b"{") for value in events())
    headers = {"Authorization": f"Bearer {TOKEN}"}
    deadline = time.monotonic() + 30
    with httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=30) as client:
        while time.monotonic() < deadline:
            with suppress(httpx.HTTPError):
                if client.get("/status").json()["events"] == learned:
                    break
            time.sleep(PAUSE_SECONDS)
        with suppress(httpx.HTTPError):  # whoever is to answer is killed
            client.post("/-/forget", json={"keys": [SUBJECT.decode()]})


def test_the_daemon_is_killed_while_it_does_what_was_asked_over_http(tmp_path: Path) -> None:
    port = free_port()
    config = of_file(tmp_path, port=port, follow=True)
    asking = threading.Thread(target=ask, args=(f"http://127.0.0.1:{port}",))
    asking.start()
    assert killed("run", "-c", str(config), at=(CheckpointStore, "remove_all_but"))
    asking.join(30)
    assert ErasureRequest.pending(tmp_path / "state") is not None
    with Service(load(config)) as service:
        deadline = time.monotonic() + 30
        service.run(stop=lambda: service.loop.pipeline.events > 0 or time.monotonic() > deadline)
    assert_gone(tmp_path, config)


def test_a_tombstone_of_a_real_topic_leaves_no_trace_in_any_checkpoint(
    broker: Cluster, topic: str, launcher: Launcher, tmp_path: Path
) -> None:
    keys = [record.key for record in planted()]
    broker.produce(topic, events(), keys=keys)
    source = f'{{type: kafka, bootstrap_servers: "{broker.bootstrap}", topics: [{topic}]}}'
    config = configured(tmp_path, source)
    learned = sum(value.startswith(b"{") for value in events())
    with DaemonProcess(launcher, config, log=tmp_path / "log-1") as daemon:
        daemon.until_events(learned)
        assert daemon.stop() == 0, daemon.log
    assert any("checkpoints" in trace for trace in traces(tmp_path / "state"))
    broker.produce(topic, [None], keys=[SUBJECT])
    with DaemonProcess(launcher, config, log=tmp_path / "log-2") as daemon:
        daemon.until(lambda: daemon.said("started") is not None and daemon.metric("erasures_total") == 1)
        daemon.kill()
    with DaemonProcess(launcher, config, log=tmp_path / "log-3") as daemon:
        daemon.until_said("ready")
        assert daemon.stop() == 0, daemon.log
    assert_gone(tmp_path, config)
    assert AuditLog(tmp_path / "state").erasures()[-1].by == f"{topic}/0 at {len(keys)}"
