"""The token that lets its owner change the daemon, in a file of its own."""

from __future__ import annotations

from dataclasses import dataclass
from hmac import compare_digest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LEAST_CHARACTERS = 16
_MOST_BYTES = 4096


class UnusableTokenError(Exception):
    """The file cannot be read, or what it holds is no token; the message says what and never shows it."""


@dataclass(frozen=True, slots=True)
class TokenFile:
    """A token that is read whenever it is needed, so that another one can be put in its place at any time."""

    path: Path

    def read(self) -> bytes:
        """Return the token; space and line ends around it do not count. Raises ``UnusableTokenError``."""
        try:
            with self.path.open("rb") as file:
                token = file.read(_MOST_BYTES + 1).strip()
        except OSError as error:
            raise UnusableTokenError(f"{self.path}: cannot be read: {error.strerror}") from error
        if not LEAST_CHARACTERS <= len(token) <= _MOST_BYTES or not token.isascii() or token.split() != [token]:
            raise UnusableTokenError(
                f"{self.path}: expected a token of at least {LEAST_CHARACTERS} characters without spaces;"
                " `openssl rand -hex 32` makes one"
            )
        return token

    def matches(self, shown: bytes) -> bool:
        """Tell whether it is this token, in a time that does not depend on where it differs."""
        return compare_digest(self.read(), shown)
