"""What is wrong with a request, as the Open Inference Protocol tells it."""

from __future__ import annotations


class ProtocolError(Exception):
    """A request that has no answer; the message names the tensor and the remedy, ``status`` is that of HTTP."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status
