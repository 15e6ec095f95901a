"""Why no broker can be connected to, told apart before Kafka's own protocol is spoken."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_PORT = 9092
_LONGEST_SECONDS = 3.0


def unreachable(addresses: Sequence[str], *, deadline: float) -> str:
    """Return in a sentence why none of these addresses takes a connection; nothing where one does."""
    reasons = []
    for address in addresses:
        reason = _reason(address.strip(), min(_LONGEST_SECONDS, max(0.1, deadline - time.monotonic())))
        if not reason:
            return ""
        reasons.append(reason)
    return "; ".join(reasons)


def _reason(address: str, timeout_seconds: float) -> str:
    host, port = _split(address)
    try:
        socket.create_connection((host, port), timeout=timeout_seconds).close()
    except socket.gaierror:
        return f"{host} is no known host"
    except ConnectionRefusedError:
        return f"nothing listens at {host}:{port}"
    except TimeoutError:
        return f"{host}:{port} does not answer within {timeout_seconds:.0f} s"
    except OSError as error:
        return f"{host}:{port}: {error.strerror or error}"
    return ""


def _split(address: str) -> tuple[str, int]:
    """Return host and port, of ``PROTOCOL://host:port`` and ``[::1]:port`` too."""
    _, _, address = address.rpartition("://")
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal():
        return address.strip("[]"), _PORT
    return host.strip("[]"), int(port)
