"""Messages between the daemon and the process that answers HTTP, over a pair of sockets that only they have.

A message is a JSON object in one packet (unix(7), ``SOCK_SEQPACKET``). What is large comes with it in memory that
has no name (memfd_create(2)), of which the packet carries the descriptor.
"""

from __future__ import annotations

import os
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST = 65_536
_ROOM = 1 << 20


class Message(NamedTuple):
    """What was received; whoever takes it closes the memory, which is -1 where there is none."""

    about: dict[str, Any]
    memory: int = -1

    def data(self) -> bytes:
        """Return all that the memory holds, and close it."""
        with open(self.memory, "rb") as file:  # noqa: PTH123 - a descriptor
            return file.read()

    def drop(self) -> None:
        """Close the memory."""
        if self.memory >= 0:
            os.close(self.memory)


class Link:
    """One end. Any thread may send; one receives."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._lock = threading.Lock()
        with suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _ROOM)

    @staticmethod
    def pair() -> tuple[socket.socket, socket.socket]:
        """Return the two ends."""
        return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def fileno(self) -> int:
        """Return the descriptor of the socket."""
        return self._end.fileno()

    def send(self, about: Mapping[str, Any], *, memory: int = -1) -> bool:
        """Send a message with the descriptor of some memory, which stays the sender's; never wait for the other.

        Return whether it was sent: not where the other end is gone, or takes nothing.
        """
        packet = orjson.dumps(about)
        assert len(packet) <= _LONGEST, "what is large belongs into memory"
        try:
            with self._lock:
                socket.send_fds(self._end, [packet], [memory] if memory >= 0 else [], socket.MSG_DONTWAIT)
        except OSError:
            return False
        return True

    def send_data(self, about: Mapping[str, Any], data: bytes) -> bool:
        """Send a message with some data."""
        memory = os.memfd_create("retaind-message")
        try:
            with open(memory, "wb", closefd=False) as file:
                file.write(data)
            os.lseek(memory, 0, os.SEEK_SET)
            return self.send(about, memory=memory)
        finally:
            os.close(memory)

    def receive(self, *, wait: bool = True) -> Message | None:
        """Return the next message, None at the end of the link; raise ``BlockingIOError`` rather than wait."""
        flags = socket.MSG_CMSG_CLOEXEC | (0 if wait else socket.MSG_DONTWAIT)
        try:
            packet, memory, _, _ = socket.recv_fds(self._end, _LONGEST, 1, flags)
        except ConnectionResetError:
            return None
        return Message(orjson.loads(packet), *memory) if packet else None

    def end(self) -> None:
        """Let the other end read the end of the link; messages from there still come."""
        with suppress(OSError):
            self._end.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close this end."""
        self._end.close()
