"""Lets through whoever shows the token (RFC 6750), and never a page in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from daemon.process.json_text import json_text
from daemon.process.redaction import redacted
from daemon.web.failed_attempts import FailedAttempts
from daemon.web.token_file import UnusableTokenError

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from daemon.web.token_file import TokenFile

_BEARER = 'Bearer realm="retaind"'


class BearerGate:
    """Lets through whoever shows the token; wrong ones are counted by address, the right one always passes.

    Without a token everybody passes but pages in a browser. ``what`` is what is asked for, in the log, and ``warn``
    tells the log an event and what belongs to it.
    """

    def __init__(self, token: TokenFile | None, *, what: str, warn: Callable[..., None]) -> None:
        self._token = token
        self._warn = warn
        self._refused = f"{what} refused"
        self._failed = FailedAttempts()

    def refusal(self, request: Request) -> Response | None:
        """Return why not; None where the request may go on."""
        if "origin" in request.headers or request.headers.get("sec-fetch-site", "none") != "none":
            return says(403, "pages in a browser may not do this")
        return None if self._token is None else self._unless_shown(self._token, request)

    def _unless_shown(self, token: TokenFile, request: Request) -> Response | None:
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return says(401, "a bearer token is required", **{"WWW-Authenticate": _BEARER})
        client = address(request)
        try:
            if token.matches(shown.strip().encode()):
                return None
        except UnusableTokenError as error:
            self._warn(self._refused, reason=str(error))
            return says(503, "the daemon has no token to compare with; its log says why")
        if (seconds := self._failed.wait_seconds(client)) > 0:
            return says(429, "too many wrong tokens", **{"Retry-After": str(seconds)})
        self._failed.count(client)
        self._warn(self._refused, reason="wrong token", client=client)
        return says(401, "wrong token", **{"WWW-Authenticate": f'{_BEARER}, error="invalid_token"'})


def says(status: int, problem: str, **headers: str) -> Response:
    """Return an answer that names a problem."""
    return json_response(status, {"error": problem}, **headers)


def json_response(status: int, content: dict[str, Any], **headers: str) -> Response:
    """Return an answer of JSON values, without secrets, that nobody keeps."""
    return fresh_json(json_text(redacted(content)) + "\n", status=status, **headers)


def fresh_json(text: str, *, status: int, **headers: str) -> Response:
    """Return JSON that nobody keeps."""
    fresh = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(text, status_code=status, media_type="application/json", headers=fresh | headers)


def address(request: Request) -> str:
    """Return the address that a request is from."""
    return request.client.host if request.client is not None else ""
