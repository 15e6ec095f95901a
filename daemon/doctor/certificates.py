"""Until when the certificates are valid."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.doctor.amounts import span
from daemon.doctor.edges import sinks, sources
from daemon.doctor.finding import ok, problem, warning
from daemon.web.der import ends_at
from daemon.web.web_config import web_config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.config.schema import Config
    from daemon.doctor.finding import Finding
    from daemon.doctor.setup import Setup

SOON_SECONDS = 30 * 86400.0
_SERVER = "http.web_config"
_READ_AGAIN = "renew it; a running daemon reads it by itself"
_READ_AT_START = "renew it, and restart the daemon then"
_OF_KAFKA = {
    "client": ("ssl_certfile", "ssl_cafile"),
    "librdkafka": ("ssl.certificate.location", "ssl.ca.location"),
}


def check_certificates(config: Config, setup: Setup) -> Iterator[Finding]:
    """Look at the server's own certificate, and at those of the Kafka clients."""
    for name, path in sorted(set(_certificates(config))):
        try:
            end = ends_at(path.read_text(encoding="ascii", errors="replace"))
        except OSError as error:
            yield problem(f"{name}: {path}: {error.strerror}", "correct the path or its permissions")
        except ValueError as error:
            yield problem(f"{name}: {path} {error}", "name a file in PEM form")
        else:
            remedy = _READ_AGAIN if name == _SERVER else _READ_AT_START
            yield _judged(f"{name}: {path}", end, left=end - setup.clock(), remedy=remedy)


def _judged(name: str, end: float, *, left: float, remedy: str) -> Finding:
    until = f"{datetime.fromtimestamp(end, tz=UTC):%Y-%m-%d}"
    if left <= 0:
        return problem(f"{name} has expired on {until}", remedy)
    if left < SOON_SECONDS:
        return warning(f"{name} expires on {until}, in {span(left)}", remedy)
    return ok(f"{name} is valid until {until}")


def _certificates(config: Config) -> Iterator[tuple[str, Path]]:
    tls = web_config(config).tls_server_config
    if tls is not None:
        yield _SERVER, tls.cert_file
    for section, options in (sources(config) | sinks(config)).items():
        for where, keys in _OF_KAFKA.items():
            given = getattr(options, where, {})
            for key in keys:
                if isinstance(given, dict) and key in given:
                    yield f"{section}.{where}.{key}", Path(given[key])
