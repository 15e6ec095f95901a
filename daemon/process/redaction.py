"""Keeps secrets out of what the daemon says about itself: logs and ``/status``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

REDACTED = "[redacted]"

_SECRET_KEY = re.compile(
    r"(^|[^a-z])(password|passwd|passphrase|secret|token|credentials?|authorization|jaas(_config)?"
    r"|(api|private|access|secret)_?key)s?$",
    re.IGNORECASE,
)
_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_URL_PASSWORD = re.compile(r"(://[^/\s:@]*:)[^/\s@]+@")
_MAX_DEPTH = 8


def is_secret_key(key: str) -> bool:
    """Return whether what stands under this key is a secret.

    >>> is_secret_key("sasl_plain_password"), is_secret_key("sasl_plain_password_file")
    (True, False)
    """
    return _SECRET_KEY.search(key) is not None


def redacted(value: Any, *, depth: int = _MAX_DEPTH) -> Any:
    """Return ``value`` with secrets replaced: what stands under a telling key, private keys, passwords in URLs.

    Containers are copied. The path of a secret's file is no secret.

    >>> redacted({"sasl_plain_password": "hunter2", "password_file": "/run/x", "url": "http://me:pw@host/"})
    {'sasl_plain_password': '[redacted]', 'password_file': '/run/x', 'url': 'http://me:[redacted]@host/'}
    """
    if isinstance(value, str):
        return _URL_PASSWORD.sub(rf"\1{REDACTED}@", _PEM.sub(REDACTED, value))
    if isinstance(value, bytes):
        return redacted(value.decode("utf-8", "replace"))
    if isinstance(value, Mapping | list | tuple | set | frozenset) and depth == 0:
        return REDACTED
    if isinstance(value, Mapping):
        return {key: _member(key, each, depth=depth) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted(each, depth=depth - 1) for each in value]
    return value


def _member(key: Any, value: Any, *, depth: int) -> Any:
    if value is not None and is_secret_key(str(key)):
        return REDACTED
    return redacted(value, depth=depth - 1)
