"""JSON files that end with the checksum of all bytes before it."""

from __future__ import annotations

import json
from typing import Any

from daemon.state.durable import measure


def sealed(text: str) -> bytes:
    """Return the file for a JSON object with at least one field, as text on one line.

    >>> unsealed(sealed('{"rows":7}'))
    {'rows': 7}
    """
    assert text.startswith("{")
    assert text.endswith("}")
    body = text[:-1].encode()
    return body + _seal(body)


def unsealed(content: bytes) -> dict[str, Any]:
    """Return the object of a sealed file, without the seal; ``ValueError`` where it is not as it was written."""
    body = content[: -len(_seal(b""))]
    if content != body + _seal(body):
        raise ValueError("does not match its own checksum")
    fields = json.loads(content)
    if not isinstance(fields, dict):
        raise ValueError("is not a JSON object")  # noqa: TRY004 - it is data, not a caller
    del fields["sha256"]
    return fields


def _seal(body: bytes) -> bytes:
    return f',"sha256":"{measure(body).sha256}"}}\n'.encode()
