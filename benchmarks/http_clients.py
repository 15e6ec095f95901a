"""Clients that ask too much, as a process of their own: ``python -m benchmarks.http_clients KIND ADDRESS SECONDS``.

``KIND`` is a path, which 64 clients ask for again and again, or ``idle``: 10,000 connections at once, on which
nothing is sent. Prints how many answers came, or how many connections were made.
"""

from __future__ import annotations

import asyncio
import resource
import sys
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


async def idle(place: tuple[str, int]) -> int:
    """Open many connections at once and hold them, until cancelled; return how many were made."""
    made: list[object] = []

    async def one() -> None:
        with suppress(OSError):
            made.append(await asyncio.open_connection(*place))

    with suppress(asyncio.CancelledError):
        await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
        await asyncio.Event().wait()
    return len(made)


async def clients(kind: str, place: tuple[str, int], seconds: float) -> int:
    """Be these clients for so long."""
    task = asyncio.create_task(idle(place) if kind == "idle" else ask(place, kind))
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
    typer.echo(asyncio.run(clients(kind, (host, port), float(seconds))))


if __name__ == "__main__":
    main(*sys.argv[1:])
