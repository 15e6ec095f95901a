"""Asks for a name and a password before anything is served (RFC 7617)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
import zlib
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import bcrypt
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

from daemon.web.failed_attempts import FailedAttempts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from starlette.types import ASGIApp, Receive, Scope, Send

OPEN = frozenset({"/livez", "/readyz", "/v2/health/live", "/v2/health/ready"})
"""What supervisors ask, which have no passwords: an ok, or why not."""
_KNOWN = 64
_LONGEST = 72  # bytes of a password that bcrypt looks at
_HASHES_AT_ONCE = 1
_WANTED = PlainTextResponse(
    "name and password are required\n", status_code=401, headers={"WWW-Authenticate": 'Basic realm="retaind"'}
)


class BasicAuth:
    """Passes on requests of the users in ``users``, a bcrypt hash for each name.

    A hash takes bcrypt some tenths of a second, on purpose. Who was let in once is therefore remembered, by a
    digest under a key that only this process has. An unknown name is compared with the hash of one of the users,
    always the same, so that it takes as long as a wrong password. An address that fails too often is refused for a
    while, unless it comes with what was let in before.

    ``exempt`` are paths that ask for credentials of their own.
    """

    def __init__(self, app: ASGIApp, users: Mapping[str, str], *, exempt: AbstractSet[str] = frozenset()) -> None:
        self._app = app
        self._open = OPEN | exempt
        self._failed = FailedAttempts()
        self._hashing = anyio.CapacityLimiter(_HASHES_AT_ONCE)
        self._hashes = {name: secret.encode() for name, secret in users.items()}
        self._decoys = list(self._hashes.values())
        self._key = secrets.token_bytes(32)
        self._known: set[bytes] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or refuse with 401 or 429."""
        refusal = None
        if scope["type"] == "http" and scope["path"] not in self._open:
            refusal = await self._refusal(Headers(scope=scope), address=(scope.get("client") or ("",))[0])
        await (self._app if refusal is None else refusal)(scope, receive, send)

    async def _refusal(self, headers: Headers, *, address: str) -> PlainTextResponse | None:
        """Return why a request is not let in, None where it is."""
        credentials = _credentials(headers.get("authorization", ""))
        if credentials is None:
            return _WANTED
        name, password = credentials
        digest = hashlib.blake2b(name + b"\0" + password, key=self._key).digest()
        if digest in self._known:
            return None
        if (seconds := self._failed.wait_seconds(address)) > 0:
            return PlainTextResponse("too many failures\n", status_code=429, headers={"Retry-After": str(seconds)})
        # Counted before the hash, which others may be waiting for too; who is right has not failed.
        self._failed.count(address)
        if not await self._is_right(name, password):
            return _WANTED
        self._failed.forgive(address)
        if len(self._known) >= _KNOWN:
            self._known.clear()
        self._known.add(digest)
        return None

    async def _is_right(self, name: bytes, password: bytes) -> bool:
        right = self._hashes.get(name.decode(errors="replace"))
        compared = right or self._decoys[zlib.crc32(self._key + name) % len(self._decoys)]
        # bcrypt ends a password at a NUL, and some of its versions refuse one.
        shown = password.partition(b"\0")[0][:_LONGEST]
        same = await anyio.to_thread.run_sync(bcrypt.checkpw, shown, compared, limiter=self._hashing)
        return bool(right and same)


def _credentials(header: str) -> tuple[bytes, bytes] | None:
    """Return name and password; None of a header that has none."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return None
    return name, password
