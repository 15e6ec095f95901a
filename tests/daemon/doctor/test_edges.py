"""Secrets, certificates, the HTTP port and files, each of them real."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from prometheus_client import CollectorRegistry

from daemon.doctor.certificates import check_certificates
from daemon.doctor.der import ends_at
from daemon.doctor.files import check_files
from daemon.doctor.http import check_http
from daemon.doctor.secrets import check_secrets
from daemon.doctor.setup import Setup
from daemon.telemetry.health import Health
from daemon.web.app import app
from daemon.web.server import HttpServer
from tests.daemon.doctor.found import levels, only, worst

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HERE = Setup()
DAY = 86400.0
END = datetime(2031, 5, 6, tzinfo=UTC)
KAFKA = "{{type: kafka, topics: [a], client: {{{client}}}}}"


def kafka(client: str) -> str:
    return KAFKA.format(client=client)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text("hunter2")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(("mode", "level"), [(0o600, "ok"), (0o640, "ok"), (0o644, "warning")])
def test_a_secret_that_everybody_can_read_is_a_warning(mode: int, level: str, configure: Any, secret: Path) -> None:
    secret.chmod(mode)
    found = only(check_secrets(configure(source=kafka(f"sasl_plain_password_file: {secret}")), HERE))
    assert found.level == level
    assert "source.client.sasl_plain_password_file" in found.found
    assert "hunter2" not in found.found


def test_a_secret_that_is_missing_is_a_problem(configure: Any, tmp_path: Path) -> None:
    config = configure(source=kafka(f"ssl_password_file: {tmp_path}/nowhere"))
    assert only(check_secrets(config, HERE)).level == "problem"


def test_a_secret_within_a_file_for_everybody_is_a_warning(configure: Any, tmp_path: Path) -> None:
    (tmp_path / "plant.yaml").write_text("what configure() says is in it")
    found = worst(check_secrets(configure(source=kafka("sasl_plain_password: hunter2")), HERE))
    assert found.level == "warning"
    assert "sasl_plain_password_file" in found.remedy
    assert "hunter2" not in found.found + found.remedy


def test_a_secret_of_the_environment_is_not_within_the_file(configure: Any, tmp_path: Path) -> None:
    (tmp_path / "plant.yaml").write_text("what configure() says is in it")
    config = configure(source=kafka('sasl_plain_password: "${PASSWORD}"'), environ={"PASSWORD": "hunter2"})
    assert only(check_secrets(config, HERE)).level == "ok"


@pytest.fixture
def web(tmp_path: Path) -> str:
    """A section http with a certificate that ends on END."""
    certificate = trustme.CA().issue_cert("localhost", "127.0.0.1", not_after=END)
    certificate.private_key_pem.write_to_path(tmp_path / "server.key")
    for pem in certificate.cert_chain_pems:
        pem.write_to_path(tmp_path / "server.pem", append=True)
    (tmp_path / "server.key").chmod(0o600)
    file = tmp_path / "web.yml"
    file.write_text("tls_server_config: {cert_file: server.pem, key_file: server.key}\n")
    return f'{{port: 0, web_config: "{file}"}}'


def test_the_end_of_a_certificate_is_read_from_its_bytes(web: str, tmp_path: Path) -> None:
    assert web
    assert ends_at((tmp_path / "server.pem").read_text()) == END.timestamp()


@pytest.mark.parametrize("text", ["", "-----BEGIN CERTIFICATE-----\nMAoC\n-----END CERTIFICATE-----\n"])
def test_what_is_no_certificate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="certificate"):
        ends_at(text)


@pytest.mark.parametrize(("days_left", "level"), [(100, "ok"), (10, "warning"), (-1, "problem")])
def test_a_certificate_is_judged_by_what_is_left(days_left: int, level: str, configure: Any, web: str) -> None:
    setup = Setup(clock=lambda: END.timestamp() - days_left * DAY)
    found = only(check_certificates(configure(http=web), setup))
    assert (found.level, "2031-05-06" in found.found) == (level, True)


def test_the_key_of_the_server_is_a_secret_too(configure: Any, web: str, tmp_path: Path) -> None:
    (tmp_path / "server.key").chmod(0o644)
    assert only(check_secrets(configure(http=web), HERE)).level == "warning"


@pytest.fixture
def served() -> Iterator[int]:
    """The port of a server that says it is the daemon named plant."""
    signs = Health(turn_limit_seconds=60.0)
    signs.publish({"name": "plant"})
    with HttpServer(app(CollectorRegistry(), health=signs), host="127.0.0.1", port=0) as server:
        yield int(server.address.rpartition(":")[2])


def test_the_port_may_be_served_by_this_daemon_and_by_no_other(configure: Any, served: int) -> None:
    own = configure(name="plant", http=f"{{port: {served}}}")
    other = configure(name="press", http=f"{{port: {served}}}")
    assert only(check_http(own, HERE)).found == f"127.0.0.1:{served} is served by plant: it runs"
    assert only(check_http(other, HERE)).level == "problem"


def test_a_port_of_something_else_is_a_problem_and_a_free_one_is_ok(configure: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        begun = time.monotonic()
        assert only(check_http(configure(http=f"{{port: {port}}}"), HERE)).level == "problem"
        assert time.monotonic() - begun < 10
    assert only(check_http(configure(http=f"{{port: {port}}}"), HERE)).level == "ok"
    assert only(check_http(configure(http="{port: 0}"), HERE)).level == "ok"


def test_an_address_of_another_machine_is_a_problem(configure: Any) -> None:
    assert only(check_http(configure(http="{host: 192.0.2.1}"), HERE)).level == "problem"


def test_files_that_are_read_must_be_there(configure: Any, tmp_path: Path) -> None:
    config = configure(source=f'{{type: file, path: ["{tmp_path}/day-*.jsonl", "{tmp_path}/more.jsonl"]}}')
    (tmp_path / "day-1.jsonl").write_text("{}\n")
    assert levels(check_files(config, HERE)) == ["ok", "problem"]


def test_files_that_are_followed_may_come_later(configure: Any, tmp_path: Path) -> None:
    config = configure(source=f'{{type: file, path: "{tmp_path}/day-*.jsonl", follow: true}}')
    assert levels(check_files(config, HERE)) == ["ok"]


def test_a_folder_of_written_files_must_be_there_unless_it_is_made(configure: Any, tmp_path: Path) -> None:
    sections = {
        "dead_letters": f'{{type: file, path: "{tmp_path}/dead.jsonl"}}',
        "predictions": f'{{type: file, path: "{tmp_path}/elsewhere/predictions.jsonl"}}',
    }
    assert levels(check_files(configure(**sections), HERE)) == ["ok", "problem"]
