"""Which records are of some keys, before anybody has decoded them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection


def tells_of(keys: Collection[bytes]) -> Callable[[bytes | None, bytes | None], bool]:
    r"""Return what tells, by its key and value, whether a record is of one of the keys.

    It is where it has that key, or where the key stands as a word in the value, whatever format that has.

    >>> is_of = tells_of([b"ann"])
    >>> is_of(b"ann", b""), is_of(None, b'{"who": "ann"}'), is_of(None, b'{"who": "joanna"}'), is_of(None, None)
    (True, True, False, False)
    """
    words = b"|".join(re.escape(key) for key in sorted(keys) if key)
    pattern = re.compile(rb"(?<![0-9A-Za-z_])(?:" + words + rb")(?![0-9A-Za-z_])") if words else None

    def is_of(key: bytes | None, value: bytes | None) -> bool:
        return key in keys or bool(pattern is not None and value and pattern.search(value))

    return is_of
