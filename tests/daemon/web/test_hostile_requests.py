"""Clients that send too much, too slowly, too often or something else than they should."""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

import anyio
import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from daemon.web import protocol as http_protocol
from daemon.web.request_bounds import MOST_BODY_BYTES
from tests.daemon.web.threaded import Served, front, served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request
    from starlette.responses import PlainTextResponse

HEAD = b"GET /livez HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture
def server() -> Iterator[Served]:
    with front() as server:
        yield server


@pytest.fixture
def client(server: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.address, trust_env=False, timeout=10.0) as client:
        yield client


def connected(server: Served) -> socket.socket:
    return socket.create_connection(server.place, timeout=10.0)


def everything_from(connection: socket.socket) -> bytes:
    """What comes until the other side ends the connection, however it does."""
    parts = []
    try:
        while part := connection.recv(65_536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("more", "status"),
    [
        (b"Content-Length: %d" % (MOST_BODY_BYTES + 1), 413),
        (b"Content-Length: 99999999999999", 413),
        (b"Transfer-Encoding: chunked", 411),
        (b"Content-Length: -5", 400),
        (b"Content-Length: 5\r\nContent-Length: 6", 400),
    ],
    ids=["large", "huge", "unknown", "negative", "two lengths"],
)
def test_a_large_body_is_refused_before_it_is_sent_and_the_connection_ends(
    server: Served, method: str, more: bytes, status: int
) -> None:
    with connected(server) as connection:
        connection.sendall(HEAD.replace(b"GET", method.encode()) + more + b"\r\n\r\n")
        assert status_of(everything_from(connection)) == status


def test_a_small_body_is_passed_by(client: httpx.Client) -> None:
    assert client.request("GET", "/livez", content=b"x" * MOST_BODY_BYTES).status_code == 200


def test_headers_without_end_are_refused(server: Served) -> None:
    with connected(server) as connection:
        connection.sendall(HEAD + b"X-Long: " + b"x" * 70_000)
        assert status_of(everything_from(connection)) == 431


@pytest.mark.parametrize("sent", [b"", b"GET /livez HT", HEAD + b"X-Slow: "], ids=["nothing", "line", "header"])
def test_a_client_that_does_not_finish_a_request_is_disconnected(
    server: Served, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS", 0.2)
    with connected(server) as connection:
        connection.sendall(sent)
        assert everything_from(connection) == b""


def test_a_byte_now_and_then_does_not_make_it_wait_for_longer(
    server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS", 0.5)
    ended = threading.Event()
    with connected(server) as connection:

        def drip() -> None:
            connection.sendall(HEAD + b"X-Slow: ")
            while not ended.wait(0.02):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            assert everything_from(connection) == b""
        finally:
            ended.set()
            dripping.join()


def test_a_client_that_does_not_take_the_answer_is_disconnected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "ANSWER_SECONDS", 0.3)
    gone = threading.Event()

    async def forever(_: Request) -> PlainTextResponse:
        try:
            await anyio.sleep_forever()
        finally:
            gone.set()
        raise AssertionError("it never ends")

    with (
        served(Starlette(routes=[Route("/livez", forever)])) as server,
        connected(server) as connection,
    ):
        connection.sendall(HEAD + b"\r\n")
        assert everything_from(connection) == b""
    assert gone.wait(10.0)


def test_a_connection_may_be_used_again_and_again_after_the_time_for_one_request(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS", 5.0)
    assert [client.get("/livez").status_code for _ in range(50)] == [200] * 50


def test_a_client_that_only_holds_connections_keeps_nobody_out() -> None:
    with (
        ExitStack() as held,
        front(max_connections=16) as server,
        httpx.Client(base_url=server.address, trust_env=False, timeout=10.0) as client,
    ):
        silent = [held.enter_context(connected(server)) for _ in range(40)]
        for connection in silent:
            connection.sendall(b"GET ")
        assert client.get("/livez").status_code == 200
        assert [everything_from(connection) for connection in silent[:20]] == [b""] * 20


@pytest.mark.parametrize(
    "path",
    [
        "/page/../../../etc/passwd",
        "/page/..%2f..%2f..%2fetc%2fpasswd",
        "/page/%2e%2e/%2e%2e/etc/passwd",
        "/page/....//....//etc/passwd",
        "/page/index.html%00.css",
        "//etc/passwd",
        "/page/",
        "/page",
        "/-/reload",
        "/metrics/",
        "/%2d/quit",
    ],
)
def test_no_path_leads_anywhere_else(server: Served, path: str) -> None:
    for method in (b"GET", b"POST"):
        with connected(server) as connection:
            connection.sendall(method + f" {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            answer = everything_from(connection)
        assert status_of(answer) == 404
        assert b"root:" not in answer


@pytest.mark.parametrize(
    "host", ["127.0.0.1:1", "retaind:9464", "x" * 5_000, "-", "[::1]:9464", "plant.example.org"]
)
@pytest.mark.parametrize("path", ["/", "/status/", "/metrics", "/-/quit", "/page"])
def test_the_names_that_a_request_gives_are_of_no_consequence(path: str, host: str) -> None:
    named = {"Host": host, "X-Forwarded-Host": "evil.example", "X-Forwarded-For": "127.0.0.1"}
    with front(server_names=["Plant.example.org"]) as server:
        answer = httpx.get(f"{server.address}{path}", headers=named, trust_env=False)
        usual = httpx.get(f"{server.address}{path}", trust_env=False)
    assert (answer.status_code, "location" in answer.headers) == (usual.status_code, False)
    assert host not in answer.text or host == "-"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:9464", "127.0.0.1.evil.example", "a@b.c", "plant.example.org."]
)
def test_a_name_that_is_not_this_servers_leads_nowhere(client: httpx.Client, host: str) -> None:
    answer = client.get("/metrics", headers={"Host": host})
    assert (answer.status_code, host in answer.text) == (421, False)
