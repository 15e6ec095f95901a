"""Real requests, with and without a password, over TLS."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import bcrypt
import httpx
import pytest
import trustme
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from daemon.web.basic_auth import OPEN, BasicAuth
from daemon.web.failed_attempts import LIMIT
from tests.daemon.web.threaded import Served, served

if TYPE_CHECKING:
    from collections.abc import Iterator

USERS = {"ada": bcrypt.hashpw("öffne dich".encode(), bcrypt.gensalt(4)).decode()}
ADA = ("ada", "öffne dich")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def server(authority: trustme.CA) -> Iterator[Served]:
    async def answer(_: Any) -> PlainTextResponse:
        return PlainTextResponse("the answer")

    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    routes = [Route(path, answer) for path in ("/metrics", *OPEN)]
    with served(BasicAuth(Starlette(routes=routes), USERS), tls=tls) as running:
        yield running


@pytest.fixture
def client(server: Served, authority: trustme.CA) -> Iterator[httpx.Client]:
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with httpx.Client(base_url=server.address, verify=trusting, trust_env=False, timeout=10.0) as client:
        yield client


def test_the_right_name_and_password_are_let_in_again_and_again(client: httpx.Client) -> None:
    assert str(client.base_url).startswith("https://")
    for _ in range(3):
        assert client.get("/metrics", auth=ADA).text == "the answer"


@pytest.mark.parametrize(
    "credentials",
    [
        None,
        ("ada", "open sesame"),
        ("ada", ""),
        ("", ""),
        ("eve", "öffne dich"),
        ("ada\0öffne", "dich"),
        ("ada", "x" * 5000),
    ],
)
def test_everyone_else_is_asked_for_name_and_password(
    credentials: tuple[str, str] | None, client: httpx.Client
) -> None:
    client.get("/metrics", auth=ADA)
    refused = client.get("/metrics", auth=credentials)
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == 'Basic realm="retaind"'
    assert "the answer" not in refused.text


@pytest.mark.parametrize(
    "header", ["Basic", "Basic !!!", "Basic YWRh", "Bearer abc", "basic \u00ff", "Basic " + "A" * 9999]
)
def test_a_header_that_is_none_is_refused_and_breaks_nothing(header: str, client: httpx.Client) -> None:
    assert client.get("/metrics", headers={"Authorization": header.encode("latin-1")}).status_code == 401
    assert client.get("/metrics", auth=ADA).status_code == 200


@pytest.mark.parametrize("path", sorted(OPEN))
def test_supervisors_need_no_password(path: str, client: httpx.Client) -> None:
    assert client.get(path).text == "the answer"


def test_plain_text_is_not_answered_where_tls_is_spoken(server: Served) -> None:
    with pytest.raises(httpx.HTTPError):
        httpx.get(server.address.replace("https", "http"), trust_env=False)


def test_a_client_that_guesses_passwords_has_to_wait_and_one_that_was_let_in_does_not() -> None:
    async def answer(_: Any) -> PlainTextResponse:
        return PlainTextResponse("the answer")

    guarded = BasicAuth(Starlette(routes=[Route("/metrics", answer)]), USERS)
    with (
        served(guarded) as server,
        httpx.Client(base_url=server.address, trust_env=False, timeout=10.0) as client,
    ):
        assert client.get("/metrics", auth=ADA).status_code == 200
        codes = [client.get("/metrics", auth=("ada", str(number))).status_code for number in range(LIMIT + 2)]
        assert codes == [401] * LIMIT + [429] * 2
        assert client.get("/metrics").status_code == 401
        assert client.get("/metrics", auth=ADA).status_code == 200


@pytest.mark.parametrize("name", ["ada", "eve", ""])
def test_a_wrong_name_costs_one_look_at_a_hash_as_a_wrong_password_does(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[bytes] = []

    def look(password: bytes, hashed: bytes) -> bool:
        looked_at.append(hashed)
        return checkpw(password, hashed)

    checkpw = bcrypt.checkpw
    monkeypatch.setattr(bcrypt, "checkpw", look)
    with served(BasicAuth(Starlette(), USERS)) as server:
        refused = httpx.get(f"{server.address}/metrics", auth=(name, "wrong"), trust_env=False)
    assert refused.status_code == 401
    assert looked_at == [USERS["ada"].encode()]
