"""Asks for a name and a password before anything is served (RFC 7617)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from typing import TYPE_CHECKING

import anyio.to_thread
import bcrypt
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

OPEN = frozenset({"/livez", "/readyz"})
"""What supervisors ask, which have no passwords: an ok, or why not."""
_KNOWN = 64
_LONGEST = 72  # bytes of a password that bcrypt looks at


class BasicAuth:
    """Passes on requests of the users in ``users``, a bcrypt hash for each name.

    A hash takes bcrypt some tenths of a second, on purpose. Who was let in once is therefore remembered, by a
    digest under a key that only this process has. An unknown name takes as long as a wrong password.
    """

    def __init__(self, app: ASGIApp, users: Mapping[str, str]) -> None:
        self._app = app
        self._hashes = {name: secret.encode() for name, secret in users.items()}
        self._nobody = bcrypt.hashpw(secrets.token_bytes(16).hex().encode(), bcrypt.gensalt(10))
        self._key = secrets.token_bytes(32)
        self._known: set[bytes] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or refuse with 401."""
        if scope["type"] != "http" or scope["path"] in OPEN or await self._lets_in(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        refusal = PlainTextResponse(
            "name and password are wanted\n", status_code=401, headers={"WWW-Authenticate": 'Basic realm="retaind"'}
        )
        await refusal(scope, receive, send)

    async def _lets_in(self, headers: Headers) -> bool:
        name, password = _credentials(headers.get("authorization", ""))
        digest = hashlib.blake2b(name + b"\0" + password, key=self._key).digest()
        if digest in self._known:
            return True
        right = self._hashes.get(name.decode(errors="replace"))
        same = await anyio.to_thread.run_sync(bcrypt.checkpw, password[:_LONGEST], right or self._nobody)
        if not (right and same):
            return False
        if len(self._known) >= _KNOWN:
            self._known.clear()
        self._known.add(digest)
        return True


def _credentials(header: str) -> tuple[bytes, bytes]:
    """Return name and password; of a header that has none, empty ones, which nobody has."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return b"", b""
    try:
        name, _, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return b"", b""
    return name, password
