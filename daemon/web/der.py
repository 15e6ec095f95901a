"""When a certificate ends, read from its bytes: the ssl module tells that of a verified peer alone.

Form: RFC 5280, section 4.1, in the distinguished encoding of X.690.
"""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from typing import NamedTuple

_VERSION, _UTC_TIME = 0xA0, 0x17
_LONG = 0x80
_CENTURY_OF = 50  # RFC 5280, 4.1.2.5.1: two digits below it are of this century


class _Element(NamedTuple):
    tag: int
    content: bytes
    rest: bytes


def ends_at(pem: str) -> float:
    """Return the Unix time until which the first certificate of a PEM text is valid.

    Raises ``ValueError`` where there is none.
    """
    start, end = pem.find(ssl.PEM_HEADER), pem.find(ssl.PEM_FOOTER)
    if start < 0 or end < start:
        raise ValueError("holds no certificate in PEM form")
    certificate = _read(ssl.PEM_cert_to_DER_cert(pem[start : end + len(ssl.PEM_FOOTER)]))
    fields = _read(certificate.content).content
    if fields[:1] == bytes([_VERSION]):
        fields = _read(fields).rest
    for _ in ("serial number", "signature", "issuer"):
        fields = _read(fields).rest
    not_after = _read(_read(_read(fields).content).rest)
    return _time(not_after)


def _read(data: bytes) -> _Element:
    """Return the first element of the encoding, and what comes after it."""
    if len(data) < 2:  # noqa: PLR2004 - a tag and a length
        raise ValueError("holds a certificate that is cut short")
    length, start = data[1], 2
    if length & _LONG:
        start += length & ~_LONG
        length = int.from_bytes(data[2:start])
    if len(data) < start + length:
        raise ValueError("holds a certificate that is cut short")
    return _Element(data[0], data[start : start + length], data[start + length :])


def _time(element: _Element) -> float:
    text = element.content.decode("ascii")
    if element.tag == _UTC_TIME:
        text = ("20" if int(text[:2]) < _CENTURY_OF else "19") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()
