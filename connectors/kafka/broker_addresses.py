"""The addresses of brokers, as a configuration writes them."""

from __future__ import annotations

import re

_ADDRESS = re.compile(
    r"(?:[A-Za-z_]+://)?(?P<host>\[[0-9A-Fa-f:.%\w]+\]|[^\s:,\[\]/@]+):(?P<port>\d{1,5})", re.ASCII | re.VERBOSE
)
_MOST = 65_535


def require_addresses(servers: str | tuple[str, ...]) -> None:
    """Raise ``ValueError`` unless each is ``host:port``, an address of IPv6 in brackets.

    kafka-python takes a host alone for one with the port 9092, and what has several colons for IPv6.

    >>> require_addresses("a:9092, [::1]:9093")
    >>> require_addresses(("kafka", "b:9092"))
    Traceback (most recent call last):
    ValueError: 'kafka' has no port; write host:port, such as kafka:9092
    """
    addresses = servers.split(",") if isinstance(servers, str) else servers
    for address in map(str.strip, addresses):
        found = _ADDRESS.fullmatch(address)
        if not address:
            raise ValueError("an address is empty; write host:port, and a comma only between two")
        if found is None and ":" not in address:
            raise ValueError(f"{address!r} has no port; write host:port, such as {address}:9092")
        if found is None or not 0 < int(found["port"]) <= _MOST:
            raise ValueError(f"{address!r} is not host:port; write such as kafka:9092, or [::1]:9092")
