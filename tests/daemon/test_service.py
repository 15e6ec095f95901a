from __future__ import annotations

import http.client
import json
import os
import socket
from typing import TYPE_CHECKING, Any

import bcrypt
import httpx
import pytest

from connectors.memory_source import END, MemorySource
from connectors.source import PartitionsLostError
from daemon.config.errors import ConfigError
from daemon.process.notify import Notify
from daemon.service import Service
from daemon.state.checkpoints import CheckpointStore
from daemon.state.state_error import StateError
from daemon.web.listener import AddressUnavailableError
from tests.daemon.event_stream import Stretch, events, json_lines
from tests.daemon.lives import small_config
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from connectors.record import LocalRecord
    from daemon.config.schema import Config

ANY_PORT = {"port": 0}


@pytest.fixture
def stream(tmp_path: Path) -> Path:
    """A file of two hundred events."""
    path = tmp_path / "stream.jsonl"
    path.write_bytes(json_lines([Stretch("P", 200)]))
    return path


def file_config(directory: Path, stream: Path, **sections: Any) -> Config:
    return small_config(directory, **{"source": {"type": "file", "path": str(stream)}, "http": ANY_PORT} | sections)


def get(service: Service, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(service.http.address.removeprefix("http://"), timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def never() -> bool:
    return False


def newest(directory: Path) -> dict[str, Any]:
    recovered = CheckpointStore(directory, keep=1).load_newest()
    assert recovered is not None
    return recovered.saved.state


def test_the_pages_tell_what_it_does(tmp_path: Path, stream: Path) -> None:
    with Service(file_config(tmp_path, stream)) as service:
        assert get(service, "/livez") == (200, "ok\n")
        service.run(stop=never)
        assert get(service, "/readyz") == (200, "ok\n")
        assert "\nretaind_events_predicted_total 200.0\n" in get(service, "/metrics")[1]
        status = json.loads(get(service, "/status")[1])
    assert (status["events"], status["tasks"], status["ready"]) == (200, ["P"], True)
    assert status["checkpoint"]["events"] == 200


def test_nothing_is_readable_without_a_password_where_users_are_named(tmp_path: Path, stream: Path) -> None:
    secret = bcrypt.hashpw(b"open sesame", bcrypt.gensalt(4)).decode()
    web = tmp_path / "web.yml"
    web.write_text(f"basic_auth_users: {{ada: {secret}}}\n", encoding="utf-8")
    with Service(file_config(tmp_path, stream, http=ANY_PORT | {"web_config": str(web)})) as service:
        assert get(service, "/metrics")[0] == get(service, "/status")[0] == 401
        assert get(service, "/livez")[0] == 200
        assert httpx.get(f"{service.http.address}/status", auth=("ada", "open sesame")).status_code == 200


def test_a_run_to_the_end_resumes_as_one_that_was_stopped_in_between(tmp_path: Path, stream: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for directory in (whole, parts):
        directory.mkdir()
    with Service(file_config(whole, stream)) as service:
        service.run(stop=never)
    for turns in (0, 1, 10):
        with Service(file_config(parts, stream)) as service:
            service.run(stop=iter([False] * turns + [True]).__next__)
    with Service(file_config(parts, stream)) as service:
        service.run(stop=never)
    assert_same_state(newest(whole)["pipeline"], newest(parts)["pipeline"])


class Supervisor:
    """What systemd would hear."""

    def __init__(self, directory: Path) -> None:
        self._inlet = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._inlet.setblocking(False)
        self._inlet.bind(str(directory / "notify"))
        self.notify = Notify({"NOTIFY_SOCKET": str(directory / "notify")})

    def heard(self) -> list[str]:
        """The first word of each message since the last call."""
        words = []
        while True:
            try:
                words.append(self._inlet.recv(4096).decode().splitlines()[0])
            except BlockingIOError:
                return words

    def close(self) -> None:
        self._inlet.close()


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    supervisor = Supervisor(tmp_path)
    yield supervisor
    supervisor.close()


def test_the_supervisor_hears_of_readiness_only_once_events_are_read(
    tmp_path: Path, stream: Path, supervisor: Supervisor
) -> None:
    with Service(file_config(tmp_path, stream), notify=supervisor.notify) as service:
        assert supervisor.heard() == ["EXTEND_TIMEOUT_USEC=600000000"]
        service.turn()
        assert supervisor.heard() == ["READY=1"]
        service.turn()
        assert supervisor.heard() == []
        service.run(stop=never)
        assert supervisor.heard() == ["STOPPING=1"]


def test_a_daemon_whose_broker_is_away_is_not_reported_as_ready(tmp_path: Path, supervisor: Supervisor) -> None:
    source = {"type": "kafka", "topics": ["plant"], "bootstrap_servers": "127.0.0.1:1"}
    with Service(small_config(tmp_path, source=source, http=ANY_PORT), notify=supervisor.notify) as service:
        service.turn()
        assert supervisor.heard() == ["EXTEND_TIMEOUT_USEC=600000000"]
        code, reason = get(service, "/readyz")
        assert (code, "127.0.0.1:1" in reason) == (503, True)
        assert get(service, "/livez")[0] == 200
        assert service.registry.get_sample_value("retaind_ready") == 0


def test_a_state_directory_in_use_is_refused_with_its_owner(tmp_path: Path, stream: Path) -> None:
    with (
        Service(file_config(tmp_path, stream)),
        pytest.raises(StateError, match=f"in use by process {os.getpid()}"),
        Service(file_config(tmp_path, stream)),
    ):
        raise AssertionError("there is one lock")


def test_a_start_that_fails_releases_everything(tmp_path: Path, stream: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = file_config(tmp_path, stream, http={"port": taken.getsockname()[1]})
        with pytest.raises(AddressUnavailableError, match="already in use"), Service(config):
            raise AssertionError("there is one port")
    with Service(file_config(tmp_path, stream)) as service:
        service.run(stop=never)
        assert service.loop.pipeline.events == 200


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"model": {"type": "mlp", "hidden": [9]}}, "the checkpoint's model has"),
        ({"strategies": []}, "the checkpoint's strategies are"),
        ({"retention": {"probe_rows": 9}}, "retention.probe_rows"),
        ({"decoder": {"type": "json", "label": "y", "task": "task", "features": ["a"]}}, "decoder.features"),
    ],
)
def test_a_checkpoint_of_another_configuration_is_an_error_of_the_configuration(
    tmp_path: Path, stream: Path, sections: dict[str, Any], message: str
) -> None:
    with Service(file_config(tmp_path, stream)) as service:
        service.run(stop=never)
    with pytest.raises(ConfigError, match=f"does not fit this configuration.*{message}"):
        Service(file_config(tmp_path, stream, **sections)).__enter__()


def test_a_feature_of_a_field_that_the_events_lack_is_an_error_at_its_key(tmp_path: Path, stream: Path) -> None:
    config = file_config(tmp_path, stream, features={"lags": [{"field": "bb"}]})
    with (
        Service(config) as service,
        pytest.raises(ConfigError, match=r"features\.lags\[0\]\.field: no field named 'bb'"),
    ):
        service.run(stop=never)


class Contested(MemorySource):
    """A source whose partitions are taken away now and then."""

    def __init__(self, items: Sequence[Any], *, lost_at: set[int]) -> None:
        super().__init__(items, poll_sizes=[13])
        self._lost_at = lost_at

    def poll(self, max_records: int, timeout_seconds: float) -> Sequence[LocalRecord]:
        records = super().poll(max_records, timeout_seconds)
        if lost := {place for place in self._lost_at if place <= self._at}:
            self._lost_at -= lost
            raise PartitionsLostError("taken away")
        return records


def test_lost_partitions_send_it_back_to_the_newest_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [*events([Stretch("P", 90), Stretch("Q", 60)], seed=4, bad_share=0.1), END]
    states, predictions = [], []
    for name, lost_at in (("calm", set[int]()), ("contested", {5, 40, 41, 120})):
        directory = tmp_path / name
        directory.mkdir()
        source = Contested(items, lost_at=lost_at)
        monkeypatch.setattr("daemon.service.build_source", lambda _, source=source: source)
        with Service(small_config(directory, http=ANY_PORT)) as service:
            service.run(stop=never)
        states.append(newest(directory)["pipeline"])
        predictions.append((directory / "predictions.jsonl").read_bytes())
    assert_same_state(*states)
    assert predictions[0] == predictions[1]
