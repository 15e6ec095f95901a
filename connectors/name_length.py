"""How long a name may be that a stream gives to something: a class, a task, a field."""

from __future__ import annotations

from connectors.printable import quoted

MAX_NAME_BYTES = 256
"""Unless an option says otherwise. Names stay for good, in the state, in metrics and on pages; payloads don't."""

_MOST_BYTES_A_CHARACTER = 4


def is_too_long(name: str, most_bytes: int) -> bool:
    """Tell whether a name has more bytes, in UTF-8.

    >>> is_too_long("grün", 5), is_too_long("grün", 4)
    (False, True)
    """
    if len(name) * _MOST_BYTES_A_CHARACTER <= most_bytes:
        return False
    return _bytes(name) > most_bytes


def too_long(what: str, name: str, most_bytes: int, *, option: str) -> str:
    """Return the sentence that refuses a name which is too long.

    >>> too_long("class", "leakage", 4, option="label.max_bytes")
    "The class 'leakage' has 7 bytes; label.max_bytes allows 4."
    """
    return f"The {what} {quoted(name)} has {_bytes(name)} bytes; {option} allows {most_bytes}."


def _bytes(name: str) -> int:
    return len(name.encode(errors="surrogatepass"))
