"""Real requests to a real server, whose orders a thread carries out as the loop does."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import bcrypt
import httpx
import pytest

from daemon.web.control import Action, Answer, Control
from daemon.web.control_routes import CONTROL_PATHS
from daemon.web.failed_attempts import LIMIT
from daemon.web.token_file import TokenFile
from tests.daemon.web.threaded import Served, front

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "0123456789abcdef-the-token"  # noqa: S105 - of this test alone
OWNER = {"Authorization": f"Bearer {TOKEN}"}
PATHS = sorted(CONTROL_PATHS)


class Loop:
    """Carries out orders on a thread until it is ended; ``hold`` keeps it from the next."""

    def __init__(self) -> None:
        self.control = Control()
        self.done: list[Action] = []
        self.refuses = ""
        self.may_turn = threading.Event()
        self.may_turn.set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="test-loop")
        self._thread.start()

    def _run(self) -> None:
        while not self._ended.wait(0.005):
            if self.may_turn.is_set():
                self.control.serve(self._do)

    def _do(self, action: Action) -> Answer:
        self.done.append(action)
        if self.refuses:
            return Answer(done=False, told={"reason": self.refuses})
        return Answer(done=True, told={"generation": 7})

    def end(self) -> None:
        self._ended.set()
        self._thread.join()


@pytest.fixture
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.end()


@pytest.fixture
def token(tmp_path: Path) -> TokenFile:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    return TokenFile(file)


@pytest.fixture
def server(loop: Loop, token: TokenFile) -> Iterator[Served]:
    file = str(token.path)
    with front(control=loop.control, control_token_file=file, patience_seconds=0.3) as server:
        yield server


@pytest.fixture
def client(server: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.address, trust_env=False, timeout=10.0) as client:
        yield client


@pytest.mark.parametrize("path", PATHS)
def test_whoever_has_the_token_is_answered_when_it_is_done(client: httpx.Client, loop: Loop, path: str) -> None:
    answer = client.post(path, headers=OWNER, json={"keys": ["K"]} if path == "/-/forget" else None)
    assert answer.status_code == (202 if path == "/-/quit" else 200)
    assert answer.json() == {"action": path[3:], "done": True, "generation": 7}
    assert answer.headers["cache-control"] == "no-store"
    assert loop.done == [path[3:]]


def test_what_the_loop_refuses_is_a_conflict_with_its_reason(client: httpx.Client, loop: Loop) -> None:
    loop.refuses = "seed: needs a restart"
    answer = client.post("/-/reload", headers=OWNER)
    assert (answer.status_code, answer.json()["reason"]) == (409, "seed: needs a restart")


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN.upper()}",
        f"Basic {TOKEN}",
        TOKEN,
        "Bearer \xe4\xf6\xfc",
    ],
    ids=["none", "empty", "scheme", "shorter", "longer", "upper", "basic", "bare", "umlauts"],
)
@pytest.mark.parametrize("path", PATHS)
def test_without_the_token_nothing_happens(
    client: httpx.Client, loop: Loop, path: str, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization.encode("latin-1")}
    answer = client.post(path, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith('Bearer realm="retaind"')
    assert TOKEN not in answer.text
    assert loop.done == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_nothing_but_post_is_allowed_not_even_with_the_token(client: httpx.Client, loop: Loop, method: str) -> None:
    answer = client.request(method, "/-/quit", headers=OWNER)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert loop.done == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-origin"},
    ],
    ids=str,
)
def test_a_page_in_a_browser_can_do_nothing_whatever_it_shows(
    client: httpx.Client, loop: Loop, headers: dict[str, str]
) -> None:
    assert client.post("/-/quit", headers=OWNER | headers).status_code == 403
    preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    for answer in (
        client.options("/-/quit", headers=headers | preflight),
        client.get("/status", headers=headers),
        client.get("/metrics", headers=headers),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control")]
    assert loop.done == []


def test_a_client_that_guesses_tokens_has_to_wait_and_the_owner_does_not(client: httpx.Client, loop: Loop) -> None:
    codes = [
        client.post("/-/quit", headers={"Authorization": f"Bearer {number}"}).status_code
        for number in range(LIMIT + 3)
    ]
    assert codes == [401] * LIMIT + [429] * 3
    again = client.post("/-/quit", headers={"Authorization": "Bearer wrong"})
    assert 0 < int(again.headers["retry-after"]) <= 60
    assert loop.done == []
    assert client.post("/-/checkpoint", headers=OWNER).status_code == 200


def test_a_loop_that_does_not_come_is_not_waited_for_and_does_nothing_later(
    client: httpx.Client, loop: Loop
) -> None:
    loop.may_turn.clear()
    answer = client.post("/-/quit", headers=OWNER)
    assert (answer.status_code, "nothing was done" in answer.text) == (504, True)
    loop.may_turn.set()
    assert client.post("/-/checkpoint", headers=OWNER).status_code == 200
    assert loop.done == ["checkpoint"]


def test_more_orders_than_can_wait_are_refused(client: httpx.Client, loop: Loop) -> None:
    loop.may_turn.clear()
    with ThreadPoolExecutor(12) as many:
        codes = [
            answer.status_code
            for answer in many.map(lambda _: client.post("/-/checkpoint", headers=OWNER), range(12))
        ]
    assert sorted(codes) == [429] * 4 + [504] * 8


def test_a_daemon_that_stops_says_so(client: httpx.Client, loop: Loop) -> None:
    loop.end()
    loop.control.close()
    assert client.post("/-/checkpoint", headers=OWNER).status_code == 503


def test_another_token_in_the_file_is_in_force_at_once(client: httpx.Client, token: TokenFile) -> None:
    token.path.write_text("another-token-of-some-length")
    assert client.post("/-/checkpoint", headers=OWNER).status_code == 401
    new = {"Authorization": "Bearer another-token-of-some-length"}
    assert client.post("/-/checkpoint", headers=new).status_code == 200
    token.path.write_text("")
    assert client.post("/-/checkpoint", headers={"Authorization": "Bearer"}).status_code == 503
    token.path.unlink()
    assert client.post("/-/checkpoint", headers=new).status_code == 503


def test_users_of_the_pages_cannot_control_and_the_token_reads_no_page(loop: Loop, token: TokenFile) -> None:
    users = {"ada": bcrypt.hashpw(b"open sesame", bcrypt.gensalt(4)).decode()}
    with (
        front(control=loop.control, control_token_file=str(token.path), users=users) as server,
        httpx.Client(base_url=server.address, trust_env=False, timeout=10.0) as client,
    ):
        assert client.post("/-/checkpoint", auth=("ada", "open sesame")).status_code == 401
        assert client.get("/status", headers=OWNER).status_code == 401
        assert client.get("/status", auth=("ada", "open sesame")).status_code == 200
        assert client.post("/-/checkpoint", headers=OWNER).status_code == 200
        assert client.post("/-/checkpoint/", headers=OWNER).status_code == 401
