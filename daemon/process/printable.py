"""Text from a stream or a file, as it may be shown."""

from __future__ import annotations


def printable(text: str, *, keep: str = "\t") -> str:
    r"""Return the text without what could disturb a terminal or turn the words around it.

    Of the characters that are not printable only those of ``keep`` stay; each of the others is replaced.

    >>> printable("a\x1b[2J\tb")
    'a�[2J\tb'
    """
    return "".join(c if c.isprintable() or c in keep else "\N{REPLACEMENT CHARACTER}" for c in text)
