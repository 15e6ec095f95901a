"""Real requests to the real server."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from starlette.applications import Starlette
from starlette.routing import Route

from daemon.telemetry.health import Health
from daemon.web.listener import AddressUnavailableError, listen
from tests.daemon.telemetry.metrics.told import new_metrics, told_everything
from tests.daemon.web.threaded import Served, front, served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request
    from starlette.responses import Response

PATHS = ["/", "/metrics", "/livez", "/readyz", "/status"]


@pytest.fixture
def signs() -> Health:
    return Health(turn_limit_seconds=60.0)


@pytest.fixture
def client(signs: Health) -> Iterator[httpx.Client]:
    with front(told_everything(front=False), health=signs) as server, connect(server) as client:
        yield client


def connect(server: Served) -> httpx.Client:
    return httpx.Client(base_url=server.address, trust_env=False, timeout=10.0)


def test_metrics_are_served_as_text_and_as_openmetrics(client: httpx.Client) -> None:
    text = client.get("/metrics", headers={"Accept": "text/plain"})
    assert text.headers["content-type"].startswith("text/plain")
    assert {"retaind_ready", "retaind_events_learned"} <= {metric.name for metric in parse_text(text.text)}
    openmetrics = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert openmetrics.headers["content-type"].startswith("application/openmetrics-text")
    assert openmetrics.text.endswith("# EOF\n")
    families = parse_openmetrics(openmetrics.text)  # type: ignore[no-untyped-call]  # upstream has no types
    names = [metric.name for metric in families]
    assert set(names) >= {metric.name for metric in told_everything(front=False).collect()}
    assert "retaind_http_connections" in names
    assert len(names) == len(set(names))


def test_metrics_are_compressed_where_the_scraper_can(client: httpx.Client) -> None:
    assert client.get("/metrics", headers={"Accept-Encoding": "gzip"}).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in client.get("/metrics", headers={"Accept-Encoding": "identity"}).headers


def test_livez_is_ok_while_the_loop_turns_however_unready(client: httpx.Client, signs: Health) -> None:
    signs.not_ready("the broker cannot be reached")
    assert client.get("/livez").status_code == 200
    signs.turned(next_within_seconds=-1.0)
    stuck = client.get("/livez")
    assert stuck.status_code == 503
    assert "has not turned" in stuck.text


def test_readyz_says_why_not(client: httpx.Client, signs: Health) -> None:
    starting = client.get("/readyz")
    assert (starting.status_code, starting.text) == (503, "starting\n")
    signs.ready()
    assert client.get("/readyz").status_code == 200
    signs.not_ready("partition plant-0 has stalled")
    stalled = client.get("/readyz")
    assert (stalled.status_code, stalled.text) == (503, "partition plant-0 has stalled\n")
    assert stalled.headers["cache-control"] == "no-store"


def test_status_is_the_json_that_the_loop_published_last(client: httpx.Client, signs: Health) -> None:
    assert client.get("/status").json() == {}
    signs.publish({"step": 12, "offsets": {"plant-0": 99}})
    answer = client.get("/status")
    assert answer.json() == {"step": 12, "offsets": {"plant-0": 99}}
    assert answer.headers["content-type"] == "application/json"


def test_the_first_page_lists_the_others(client: httpx.Client) -> None:
    page = client.get("/").text
    assert all(path in page for path in PATHS)


@pytest.mark.parametrize("path", PATHS)
def test_a_head_request_has_no_body_and_nothing_else_is_allowed(client: httpx.Client, path: str) -> None:
    assert client.head(path).content == b""
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert client.request(method, path).status_code == 405


def test_unknown_paths_are_not_found(client: httpx.Client) -> None:
    assert client.get("/learner").status_code == 404


def test_a_port_in_use_is_said_with_the_port_and_a_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(
            AddressUnavailableError, match=rf"port {port} on 127\.0\.0\.1 is already in use.*another one"
        ):
            listen("127.0.0.1", port)


def test_a_host_that_is_not_this_machine_is_reported_as_such() -> None:
    with pytest.raises(
        AddressUnavailableError, match=r"http\.host: 192\.0\.2\.1 is not an address of this machine"
    ):
        listen("192.0.2.1", 0)


def test_the_port_is_free_again_after_a_stop_even_with_an_open_connection(signs: Health) -> None:
    with ExitStack() as later, front(health=signs) as server:
        client = later.enter_context(connect(server))
        assert client.get("/livez").status_code == 200
    assert not [thread for thread in threading.enumerate() if thread.name == "http"]
    with front(health=signs, port=server.place[1]) as again:
        assert httpx.get(f"{again.address}/livez", trust_env=False).status_code == 200


def test_an_answer_that_never_comes_does_not_hold_up_the_stop() -> None:
    asked = threading.Event()

    async def forever(_: Request) -> Response:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")

    with ExitStack() as later, served(Starlette(routes=[Route("/", forever)])) as server:
        patient = later.enter_context(socket.create_connection(server.place, timeout=10.0))
        patient.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert asked.wait(10.0)
    assert not [thread for thread in threading.enumerate() if thread.name == "http"]


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6: nothing to listen on")
def test_ipv6_addresses_are_written_in_brackets(signs: Health) -> None:
    with front(health=signs, host="::1") as server:
        assert server.address.startswith("http://[::1]:")
        assert httpx.get(f"{server.address}/livez", trust_env=False).status_code == 200


def test_scrapes_over_http_while_the_loop_tells_see_whole_turns(signs: Health) -> None:
    registry, metrics = new_metrics()
    with (
        front(registry, health=signs) as server,
        connect(server) as client,
    ):
        done = threading.Event()
        loop = threading.Thread(target=lambda: turn_until(done, metrics.loop.turn))
        loop.start()
        try:
            pages = [client.get("/metrics").text for _ in range(20)]
        finally:
            done.set()
            loop.join()
    for page in pages:
        totals = {s.name: s.value for metric in parse_text(page) for s in metric.samples if not s.labels}
        assert totals["retaind_events_received_total"] == totals["retaind_events_learned_total"]


def turn_until(done: threading.Event, turn: object) -> None:
    assert callable(turn)
    while not done.is_set():
        turn(received=3, learned=3)


def test_the_server_leaves_signals_to_the_daemon(signs: Health) -> None:
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    with front(health=signs):
        assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_report_is_made_so_often_and_no_more_however_many_ask_for_it(
    signs: Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    monkeypatch.setattr(signs, "status", lambda: made.append(1) or f'{{"number": {len(made)}}}')
    with front(health=signs) as server, connect(server) as client:
        begun = time.monotonic()
        seen = {client.get("/status").json()["number"] for _ in range(60)}
        assert 1 < len(made) < 12 + 5 * (time.monotonic() - begun)
        assert seen == set(range(1, len(made) + 1))
        deadline = time.monotonic() + 10.0
        while client.get("/status").json()["number"] in seen:
            assert time.monotonic() < deadline


def test_a_report_that_does_not_come_is_an_answer_too(signs: Health, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.front.asked._PATIENCE_SECONDS", 0.2)
    may_go_on = threading.Event()
    monkeypatch.setattr(signs, "status", lambda: may_go_on.wait(10.0) and "{}")
    with front(health=signs) as server, connect(server) as client:
        late = client.get("/status")
        assert (late.status_code, late.text) == (503, "the daemon has not answered for 0.2 s\n")
        assert client.get("/livez").status_code == 200
        may_go_on.set()
