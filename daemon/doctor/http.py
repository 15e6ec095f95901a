"""Whether the daemon's own server can listen, or does so already."""

from __future__ import annotations

import errno
import json
import socket
import ssl
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING

from daemon.doctor.finding import ok, problem
from daemon.web.web_config import web_config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.config.schema import Config
    from daemon.doctor.finding import Finding
    from daemon.doctor.setup import Setup

_WAIT_SECONDS = 2.0
_UNAUTHORIZED = 401


def check_http(config: Config, _: Setup) -> Iterator[Finding]:
    """Listen for a moment; where somebody else does, ask who it is."""
    host, port = config.http.host, config.http.port
    if port == 0:
        yield ok(f"a free port of {host} will be picked")
        return
    try:
        family, _kind, _protocol, _name, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        socket.create_server(address[:2], family=family).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            yield _holder(config)
        elif error.errno == errno.EACCES:
            yield problem(f"this user may not listen on port {port}", "set http.port to 1024 or above")
        else:
            yield problem(f"{host} is not an address of this machine", "set http.host to 127.0.0.1 or 0.0.0.0")
    else:
        yield ok(f"{host}:{port} is free")


def _holder(config: Config) -> Finding:
    place = f"{config.http.host}:{config.http.port}"
    other = f"stop it (ss -ltnp 'sport = :{config.http.port}' shows it), or set http.port to another one"
    try:
        code, body = _ask(config)
    except (OSError, HTTPException):
        return problem(f"{place} is taken by something that does not speak HTTP as configured", other)
    if code == _UNAUTHORIZED and config.http.web_config is not None:
        return ok(f"{place} is served, and asks for a password, as configured")
    try:
        name = json.loads(body)["name"]
    except (ValueError, KeyError, TypeError):
        return problem(f"{place} is taken by another server", other)
    if name != config.name:
        return problem(f"{place} is taken by the retaind that is named {name}", other)
    return ok(f"{place} is served by {name}: it runs")


def _ask(config: Config) -> tuple[int, bytes]:
    host = config.http.host if config.http.host not in ("0.0.0.0", "::", "") else "localhost"  # noqa: S104 - compared
    connection = _connection(config, host)
    try:
        connection.request("GET", "/status")
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _connection(config: Config, host: str) -> HTTPConnection:
    if web_config(config).tls_server_config is None:
        return HTTPConnection(host, config.http.port, timeout=_WAIT_SECONDS)
    # Nothing secret is sent, and a certificate for another name is no fault of the port.
    unverified = ssl.create_default_context()
    unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
    return HTTPSConnection(host, config.http.port, timeout=_WAIT_SECONDS, context=unverified)
