"""The page's files and its data, under a policy that lets it load and run nothing else."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

    from daemon.web.asking import Daemon

SECURITY = {
    # Scripts, styles and data from this server alone, none of them inline; a string never becomes HTML.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
INDEX = "index.html"


def page_routes(daemon: Daemon) -> list[Route]:
    """Return the page at ``/``, its files at ``/page/NAME``, and what it shows of the past at ``/page/history``."""

    async def history(_: Request) -> Response:
        told = await daemon.report("history")
        return Response(told, media_type="application/json", headers={**SECURITY, "Cache-Control": "no-store"})

    static = files("daemon.web.page").joinpath("static")
    names = sorted(file.name for file in static.iterdir() if _suffix(file.name) in TYPES)
    routes = [_file(f"/page/{name}", name, static.joinpath(name).read_bytes()) for name in names if name != INDEX]
    index = _file("/", INDEX, static.joinpath(INDEX).read_bytes())
    return [index, *routes, Route("/page/history", history)]


def _file(path: str, name: str, content: bytes) -> Route:
    """Return the route of one file, held in memory; a browser that has it is told so."""
    tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    headers = {**SECURITY, "Cache-Control": "no-cache", "ETag": tag}

    async def serve(request: Request) -> Response:
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=TYPES[_suffix(name)], headers=headers)

    return Route(path, serve)


def _suffix(name: str) -> str:
    return name[name.rfind(".") :]
