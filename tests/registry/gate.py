"""A small registry that answers as it is told: TLS, a password, faults, and GUIDs, which the real one lacks."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

Answer = tuple[int, bytes]


class Gate:
    """An HTTP server on a free port, from `with` to its end; what it answers can be changed at any time."""

    def __init__(
        self,
        answer: Callable[[str], Answer],
        *,
        tls: ssl.SSLContext | None = None,
        authorization: str | None = None,
    ) -> None:
        self.answer = answer
        self.authorization = authorization
        self.asked: list[str] = []
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._server.tls = tls
        self.port = int(self._server.server_address[1])
        self.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    tls: ssl.SSLContext | None = None

    def get_request(self) -> tuple[Any, Any]:
        connection, address = super().get_request()
        if self.tls is None:
            return connection, address
        try:
            return self.tls.wrap_socket(connection, server_side=True), address
        except OSError:
            connection.close()
            raise


def holding(schemas: dict[str, Any]) -> Callable[[str], Answer]:
    """What answers with these objects, by path, and says of all others that they are not there."""

    def answer(path: str) -> Answer:
        if path in schemas:
            return 200, json.dumps(schemas[path]).encode()
        return 404, json.dumps({"error_code": 40403, "message": "Schema not found"}).encode()

    return answer


def _handler(gate: Gate) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            gate.asked.append(self.path)
            if gate.authorization is not None and self.headers.get("authorization") != gate.authorization:
                status, body = 401, b"{}"
            else:
                status, body = gate.answer(self.path)
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler
