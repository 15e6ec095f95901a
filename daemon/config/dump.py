"""The configuration as plain values to show, without its secrets."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, SecretBytes, SecretStr

from daemon.process.redaction import REDACTED, redacted


def dump(value: Any) -> Any:
    """Return a configuration, a section or a value as JSON values; secrets and ``*_file`` are ``[redacted]``.

    >>> dump({"topics": ("plant",), "sasl_plain_password_file": "/run/pw", "ssl_password": None})
    {'topics': ['plant'], 'sasl_plain_password_file': '[redacted]', 'ssl_password': None}
    """
    return redacted(_plain(value))


def _plain(value: Any) -> Any:
    if isinstance(value, SecretStr | SecretBytes):
        return REDACTED
    if isinstance(value, BaseModel):
        value = dict(value)
    if isinstance(value, dict):
        return {str(key): _entry(str(key), entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _entry(key: str, value: Any) -> Any:
    return REDACTED if key.endswith("_file") and value is not None else _plain(value)
