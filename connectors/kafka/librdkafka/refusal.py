"""Why a broker refused librdkafka's connection, which it otherwise only logs."""

from __future__ import annotations

from typing import Any


class Refusal:
    """Takes the library's errors as its callback, and remembers what trying again cannot help."""

    def __init__(self) -> None:
        self.why = ""
        """In a sentence; empty where no broker refused."""

    def note(self, error: Any) -> None:
        """Take an error of the library."""
        if error.name() == "_AUTHENTICATION":
            self.why = f"the broker rejected the user name or password: {error.str()}"
        elif error.name() == "_SSL":
            self.why = f"no TLS connection to the broker: {error.str()}"
