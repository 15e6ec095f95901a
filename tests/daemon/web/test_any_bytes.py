"""Whatever bytes a client sends, the answer is a refusal or none, never a fault of the server."""

from __future__ import annotations

import logging
import socket
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.web.protocol import MOST_HEAD_BYTES
from tests.daemon.web.threaded import Served, front

if TYPE_CHECKING:
    from collections.abc import Iterator

# A connection that ends while the server of the test before is stopped may be freed in the middle of this one.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

NAMES = [
    b"Host",
    b"Accept",
    b"Accept-Encoding",
    b"Authorization",
    b"Content-Length",
    b"Transfer-Encoding",
    b"Connection",
]
NAMES += [b"Expect", b"Upgrade", b"If-None-Match", b"Origin", b"Content-Encoding", b"Cookie", b"X"]
VALUES = [b"", b"x", b"\xff", b"gzip", b"100-continue", b"websocket", b"Upgrade", b"close", b"chunked", b"identity"]
VALUES += [
    b"0",
    b"5",
    b"-1",
    b"+5",
    b"1e3",
    b"\xb2",
    b"99999999999999999999999",
    b"application/openmetrics-text; version=x",
]
VALUES += [
    b"Basic \xff\xfe",
    b"Basic YQ==",
    b"Bearer",
    b"text/plain; version=1.0.0; escaping=\xff",
    b"a,,;=;,b",
    b"\x00",
    b"\t",
]
PATHS = [
    b"/livez",
    b"/metrics",
    b"/status",
    b"/page/history",
    b"/-/quit",
    b"*",
    b"/%",
    b"/%ff",
    b"//x",
    b"http://e/x",
    b"?",
    b"",
]
SOME = st.binary(max_size=40)
LINES = st.lists(st.tuples(st.sampled_from(NAMES) | SOME, st.sampled_from(VALUES) | SOME), max_size=6)
REQUESTS = st.builds(
    lambda method, path, version, lines, body: (
        b"%s %s HTTP/%s\r\n" % (method, path, version)
        + b"".join(b"%s: %s\r\n" % line for line in lines)
        + b"\r\n"
        + body
    ),
    st.sampled_from([b"GET", b"HEAD", b"POST", b"OPTIONS", b"CONNECT", b"TRACE", b"get", b"G\x00T", b""]) | SOME,
    st.sampled_from(PATHS) | SOME,
    st.sampled_from([b"1.1", b"1.0", b"0.9", b"2.0", b"9.9", b"x", b""]),
    LINES,
    SOME,
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    token = tmp_path_factory.mktemp("token") / "token"
    token.write_text("a-token-that-nobody-has")
    with front(control_token_file=str(token)) as server:
        yield server


def answers(server: Served, sent: bytes) -> bytes:
    """All that comes back to some bytes, after which nothing more is sent."""
    with socket.create_connection(server.place, timeout=10.0) as connection:
        parts = []
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65_536):
                parts.append(part)
        except (ConnectionError, OSError):
            pass
        return b"".join(parts)


@pytest.fixture
def faults(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """There are none in the log."""
    yield
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.usefixtures("faults")
def test_no_bytes_are_a_fault(server: Served) -> None:
    @settings(max_examples=250, deadline=None)
    @given(REQUESTS | SOME | st.lists(REQUESTS, min_size=2, max_size=3).map(b"".join))
    def hold(sent: bytes) -> None:
        answer = answers(server, sent)
        assert not answer or 200 <= int(answer.split(b" ", 2)[1]) < 500, (sent, answer)

    hold()
    assert httpx.get(f"{server.address}/livez", trust_env=False).text == "ok\n"


@pytest.mark.parametrize("pieces", [1, 8], ids=["at once", "in pieces"])
@pytest.mark.parametrize(
    ("bytes_of_headers", "status"), [(MOST_HEAD_BYTES - 200, 200), (MOST_HEAD_BYTES + 200, 431)]
)
@pytest.mark.usefixtures("faults")
def test_a_head_has_16_kib_at_most_however_it_comes(
    server: Served, bytes_of_headers: int, status: int, pieces: int
) -> None:
    many = b"X: " + b"x" * 95 + b"\r\n"
    head = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + many * (bytes_of_headers // 100) + b"\r\n"
    with socket.create_connection(server.place, timeout=10.0) as connection:
        size = -(-len(head) // pieces)
        for start in range(0, len(head), size):
            connection.sendall(head[start : start + size])
        assert int(connection.recv(65_536).split(b" ", 2)[1]) == status


def test_an_accept_header_of_no_text_is_answered_in_text(server: Served) -> None:
    answer = httpx.get(f"{server.address}/metrics", headers=[(b"Accept", b"\xff")], trust_env=False)
    assert (answer.status_code, answer.headers["content-type"][:10]) == (200, "text/plain")


def test_bodies_that_never_come_keep_nobody_waiting(server: Served) -> None:
    held = [socket.create_connection(server.place, timeout=10.0) for _ in range(32)]
    for connection in held:
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
    for connection in held:
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
    for path in ("/metrics", "/livez", "/status"):
        assert httpx.get(f"{server.address}{path}", trust_env=False, timeout=1.0).status_code == 200
    for connection in held:
        connection.close()


def test_answers_that_nobody_takes_keep_nobody_out() -> None:
    with front(max_connections=16) as small:
        held = [socket.create_connection(small.place, timeout=10.0) for _ in range(16)]
        for connection in held:
            # More answers than the buffers between hold: it goes on answering once they are taken.
            connection.setblocking(False)
            connection.send(b"GET /page/charts.css HTTP/1.1\r\nHost: x\r\n\r\n" * 4_000)
        for _ in range(3):
            assert httpx.get(f"{small.address}/livez", trust_env=False, timeout=5.0).text == "ok\n"
        for connection in held:
            connection.close()
