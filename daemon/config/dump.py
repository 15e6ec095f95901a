"""The configuration as plain values to show, without its secrets."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, SecretBytes, SecretStr

from daemon.options import as_written
from daemon.process.redaction import REDACTED, redacted


def dump(value: Any) -> Any:
    """Return a configuration, a section or a value as JSON values; secrets are ``[redacted]``, not their paths.

    >>> dump({"topics": ("plant",), "sasl_plain_password": "hunter2", "ssl_password_file": "/run/pw"})
    {'topics': ['plant'], 'sasl_plain_password': '[redacted]', 'ssl_password_file': '/run/pw'}
    """
    return redacted(_plain(value))


def _plain(value: Any) -> Any:
    if isinstance(value, SecretStr | SecretBytes):
        return REDACTED
    if isinstance(value, BaseModel):
        value = as_written(value)
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
