"""Clients that ask too much, as a process of their own: ``python -m benchmarks.http_clients KIND ADDRESS SECONDS``.

``KIND`` is a path, which 64 clients ask for again and again, or ``idle``: 10,000 connections at once, on which
nothing is sent. Prints how many answers came, or how many connections were made.
"""

from __future__ import annotations

import asyncio
import resource
import socket
import sys
import time
from contextlib import suppress
from urllib.parse import urlsplit

import typer

CLIENTS = 64
CONNECTIONS = 10_000


async def ask(place: tuple[str, int], path: str) -> int:
    """Ask for a path from many connections at once, until cancelled; return the answers."""
    answers = 0

    async def one() -> None:
        nonlocal answers
        while True:
            with suppress(OSError, asyncio.IncompleteReadError):
                reader, writer = await asyncio.open_connection(*place)
                while True:
                    writer.write(f"GET {path} HTTP/1.1\r\nHost: {place[0]}\r\n\r\n".encode())
                    head = await reader.readuntil(b"\r\n\r\n")
                    size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                    await reader.readexactly(size)
                    answers += 1

    clients = [asyncio.create_task(one()) for _ in range(CLIENTS)]
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*clients)
    return answers


def idle(place: tuple[str, int], seconds: float) -> int:
    """Open many connections at once and hold them for so long; return how many."""
    ends = time.monotonic() + seconds
    held = [socket.socket() for _ in range(CONNECTIONS)]
    for each in held:
        each.setblocking(False)
        if place[0] == "127.0.0.1":
            # Whoever attacks is seldom the one whose probes have to be answered.
            each.bind(("127.0.0.2", 0))
        each.connect_ex(place)
    time.sleep(max(0.0, ends - time.monotonic()))
    return len(held)


async def ask_for(path: str, place: tuple[str, int], seconds: float) -> int:
    """Ask for so long."""
    task = asyncio.create_task(ask(place, path))
    await asyncio.sleep(seconds)
    task.cancel()
    return await task


def main(kind: str, address: str, seconds: str) -> None:
    """Run the program."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    host, port = urlsplit(address).hostname, urlsplit(address).port
    assert host is not None
    assert port is not None
    place, length = (host, port), float(seconds)
    typer.echo(idle(place, length) if kind == "idle" else asyncio.run(ask_for(kind, place, length)))


if __name__ == "__main__":
    main(*sys.argv[1:])
