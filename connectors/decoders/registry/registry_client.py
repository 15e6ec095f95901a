"""Asks a schema registry, with one short request at a time."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connectors.decoder import DecoderUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.decoders.registry.registry_options import RegistryOptions

LARGEST_ANSWER_BYTES = 8 * 1024 * 1024
_AT_ONCE = 64 * 1024
NOT_FOUND_CODES = frozenset({40401, 40402, 40403})
"""Of the registry's errors: there is no such subject, version or schema."""


class NotInRegistryError(Exception):
    """The registry has answered, and does not know what was asked for."""


class RegistryClient:
    """GETs JSON from a registry; secrets are read from their files at each request."""

    def __init__(self, options: RegistryOptions, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._options = options
        self._monotonic = monotonic
        parts = urlsplit(options.url)
        self._tls = parts.scheme == "https"
        self._host, self._port = parts.hostname or "", parts.port
        self._path = parts.path.rstrip("/")

    def get(self, path: str) -> dict[str, Any]:
        """Return the object that the registry has at ``path``.

        Raises ``NotInRegistryError`` where it says that there is none, and ``DecoderUnavailableError`` for whatever
        else goes wrong: an answer that isn't a registry's may come from a proxy, or from a wrong address.
        """
        try:
            status, body = self._ask(path)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._unavailable(str(error) or type(error).__name__) from error
        answer = _object(body)
        if status == http.client.OK and answer is not None:
            return answer
        if status == http.client.NOT_FOUND and answer is not None and answer.get("error_code") in NOT_FOUND_CODES:
            raise NotInRegistryError(path)
        raise self._unavailable(_refusal(status))

    def _ask(self, path: str) -> tuple[int, bytes]:
        deadline = self._monotonic() + self._options.timeout_seconds
        connection = self._connection()
        try:
            connection.request("GET", self._path + path, headers=self._headers())
            with connection.getresponse() as answer:
                return answer.status, self._body(answer, deadline)
        finally:
            connection.close()

    def _body(self, answer: http.client.HTTPResponse, deadline: float) -> bytes:
        body = b""
        while piece := answer.read1(_AT_ONCE):
            body += piece
            if len(body) > LARGEST_ANSWER_BYTES:
                raise ValueError(f"its answer has over {LARGEST_ANSWER_BYTES} bytes")
            if self._monotonic() > deadline:
                raise TimeoutError("its answer takes too long")
        return body

    def _connection(self) -> http.client.HTTPConnection:
        options = self._options
        if not self._tls:
            return http.client.HTTPConnection(self._host, self._port, timeout=options.timeout_seconds)
        context = ssl.create_default_context(cafile=options.ca_file)
        if options.cert_file is not None:
            context.load_cert_chain(options.cert_file, options.key_file)
        return http.client.HTTPSConnection(self._host, self._port, timeout=options.timeout_seconds, context=context)

    def _headers(self) -> dict[str, str]:
        options = self._options
        accepted = {"Accept": "application/vnd.schemaregistry.v1+json, application/json"}
        if options.token_file is not None:
            return accepted | {"Authorization": f"Bearer {_secret(options.token_file)}"}
        if options.username is not None and options.password_file is not None:
            pair = f"{options.username}:{_secret(options.password_file)}".encode()
            return accepted | {"Authorization": f"Basic {b64encode(pair).decode()}"}
        return accepted

    def _unavailable(self, reason: str) -> DecoderUnavailableError:
        return DecoderUnavailableError(f"schema registry {self._options.url}: {reason}")


def _secret(path: str) -> str:
    return Path(path).read_text(encoding="utf-8").strip()


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _refusal(status: int) -> str:
    if status in (http.client.UNAUTHORIZED, http.client.FORBIDDEN):
        return f"it refuses the credentials (HTTP {status}); see username, password_file and token_file"
    if status < http.client.MULTIPLE_CHOICES or status == http.client.NOT_FOUND:
        return f"it answers as no schema registry does (HTTP {status}); see url"
    return f"it answers with HTTP {status}"
