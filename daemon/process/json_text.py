"""Any value as JSON, for logs and ``/status``: what JSON has no form for is shown rather than refused."""

from __future__ import annotations

import json
from typing import Any

import orjson

from connectors.printable import is_seen, printable

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS


def json_text(value: Any) -> str:
    r"""Return ``value`` as one line of JSON: NaN and infinities as null, unknown objects as their ``str``.

    orjson refuses lone surrogates and integers beyond 64 bits, which a stream may hold; the standard library
    takes them, but writes NaN.

    >>> json_text({"loss": float("nan"), "task": "a"})
    '{"loss":null,"task":"a"}'
    >>> json_text({"loss": float("nan"), "task": "a\ud800"})
    '{"loss": null, "task": "a\\ud800"}'
    >>> json_text({"task": "a\N{RIGHT-TO-LEFT OVERRIDE}b"})
    '{"task":"a\\u202eb"}'
    """
    return _seen(_dumped(value))


def _seen(text: str) -> str:
    """Return the same JSON with escapes for what nobody sees in it: a program reads what it would have read."""
    if printable(text, keep="") is text:
        return text
    return "".join(each if is_seen(each) else json.dumps(each)[1:-1] for each in text)


def _dumped(value: Any) -> str:
    try:
        return orjson.dumps(value, default=str, option=_OPTIONS).decode()
    except TypeError:
        lenient = json.dumps(value, default=str, skipkeys=True)
        return json.dumps(json.loads(lenient, parse_constant=lambda _: None))
