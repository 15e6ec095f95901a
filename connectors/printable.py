"""Text from a stream or a file, as it may be shown and quoted."""

from __future__ import annotations

import re
from typing import Any

QUOTED, MESSAGE = 60, 600
"""The most characters of what somebody else has written: in a sentence, and of a whole message."""

_UNSEEN = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef"
"""What Python calls printable and nobody sees: Unicode's default ignorable letters and marks, an empty Braille."""
_UNSEEN_OR_LATER = re.compile(f"[{_UNSEEN}]")


def printable(text: str, *, keep: str = "\t") -> str:
    r"""Return the text with escapes in place of what nobody sees, or what turns the words around it.

    Of the characters that are not printable (control, direction, invisible ones) only those of ``keep`` stay.

    >>> printable("a\x1b[2J\tb \u202efdp.exe")
    'a\\x1b[2J\tb \\u202efdp.exe'
    """
    if text.isprintable() and (text.isascii() or _UNSEEN_OR_LATER.search(text) is None):
        return text
    return "".join(c if c in keep or is_seen(c) else escaped(c) for c in text)


def is_seen(character: str) -> bool:
    """Tell whether a character shows where it is."""
    return character.isprintable() and _UNSEEN_OR_LATER.match(character) is None


def escaped(character: str) -> str:
    r"""Return a character as Python's source has it.

    >>> escaped("\u202e"), escaped("\x00"), escaped("\ud800"), escaped("\U000e0101")
    ('\\u202e', '\\x00', '\\ud800', '\\U000e0101')
    """
    return character.encode("unicode_escape").decode("ascii")


def quoted(value: Any, *, most: int = QUOTED) -> str:
    """Return what somebody else has written as a sentence may quote it: short, escaped, and how long it really is.

    >>> quoted("leak"), quoted("x" * 300_000, most=4), quoted(2.5)
    ("'leak'", "'xxxx…' (300000 characters)", '2.5')
    """
    text = value if isinstance(value, str) else str(value)
    shown = printable(text[:most])
    if len(text) > most:
        return f"'{shown}…' ({len(text)} characters)"
    return repr(value) if shown == text else f"'{shown}'"


def shortened(text: str, most: int) -> str:
    """Return a text as it is, or of a long one the two ends, and how long it was.

    >>> shortened("The class " + "x" * 1_000 + " is unknown.", 60)
    'The class xxxxxxxxxxxxxxxxxxxxxx… (1022 characters) …nknown.'
    """
    if len(text) <= most:
        return text
    middle = f"… ({len(text)} characters) …"
    end = min(most // 4, most - len(middle)) // 2
    return f"{text[: most - len(middle) - end]}{middle}{text[-end:]}"


def message(text: str, *, most: int = MESSAGE) -> str:
    """Return a message as it may be logged, counted and sent: short, and all of it seen."""
    return printable(shortened(text, most), keep="\n\t")
