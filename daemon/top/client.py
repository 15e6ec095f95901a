"""Asks a running daemon how it stands."""

from __future__ import annotations

import base64
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

import orjson

if TYPE_CHECKING:
    from pathlib import Path

_WAIT_SECONDS = 5.0
_LONG_POLL_SECONDS = 20.0
_MOST_BYTES = 64 * 1024 * 1024
_UNAUTHORIZED = 401
_TAP_REFUSALS = {
    _UNAUTHORIZED: "wants another token: give --token-file with that of http.control",
    404: "shows nobody events: its file has no http.tap, or no http.control",
    429: "is watched by too many already, or was shown too many wrong tokens; try again later",
    503: "cannot be asked now: its log says why",
}


class UnreachableError(Exception):
    """The daemon cannot be asked, or what answers is none; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a daemon has told, as it came."""

    status: dict[str, Any]
    """Of ``/status``."""
    history: dict[str, Any]
    """Of ``/page/history``."""


class Client:
    """Reads ``/status`` and ``/page/history`` of one daemon, through no proxy."""

    def __init__(
        self,
        url: str,
        *,
        ca: Path | None = None,
        login: tuple[str, str] | None = None,
        token: str | None = None,
    ) -> None:
        """Trust ``ca`` in place of the system's authorities; ``login`` is a user and a password.

        ``token`` is that of ``http.control``, for ``tapped``.

        Raises ``ValueError`` where the URL is not one of HTTP, and ``OSError`` where ``ca`` cannot be read.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url} is no address of a daemon; write it like http://127.0.0.1:9464")
        self.url = url.rstrip("/")
        self._headers = {} if login is None else {"Authorization": f"Basic {_basic(*login)}"}
        if token is not None:
            self._headers = {"Authorization": f"Bearer {token}"}
        context = ssl.create_default_context(cafile=None if ca is None else str(ca))
        # Whoever has a proxy for the world asks his own machines himself.
        self._opener = build_opener(ProxyHandler({}), HTTPSHandler(context=context))

    def standing(self) -> Standing:
        """Return how the daemon stands; raise ``UnreachableError``."""
        return Standing(self._get("/status"), history=self._get("/page/history"))

    def tapped(self, *, every: int, after: int | None) -> dict[str, Any]:
        """Return what passed, one event in ``every``, after what an answer said as ``next``.

        Waits for the next one, but not for ever. Raises ``UnreachableError``.
        """
        seen = "" if after is None else f"&after={after}"
        return self._get(f"/-/tap?every={every}{seen}", wait_seconds=_LONG_POLL_SECONDS)

    def _get(self, path: str, *, wait_seconds: float = _WAIT_SECONDS) -> dict[str, Any]:
        request = Request(f"{self.url}{path}", headers=self._headers)  # noqa: S310 - the scheme was looked at
        try:
            with self._opener.open(request, timeout=wait_seconds) as answer:
                body = orjson.loads(answer.read(_MOST_BYTES))
        except HTTPError as error:
            raise UnreachableError(_refusal(self.url, error.code, path)) from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise UnreachableError(f"{self.url} does not answer as a daemon does: {reason}") from error
        if not isinstance(body, dict):
            raise UnreachableError(f"{self.url} is no daemon of retaind: {path} is not an object")
        return body


def _basic(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def _refusal(url: str, code: int, path: str) -> str:
    if path.startswith("/-/"):
        return f"{url} {_TAP_REFUSALS.get(code, f'answers {code}; is it a daemon of retaind?')}"
    if code == _UNAUTHORIZED:
        return f"{url} asks for a user and a password: give --user, and the password in RETAIND_PASSWORD"
    return f"{url} answers {code}; is it a daemon of retaind?"
