"""Predictions by the Open Inference Protocol 2 over HTTP: health, metadata, inference."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect
from starlette.routing import Route

from daemon.process.json_text import json_text
from daemon.serving.protocol_error import ProtocolError
from daemon.web.bearer_gate import fresh_json, says

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from daemon.serving.served_model import ServedModel
    from daemon.telemetry.metrics.serving import ServingMetrics
    from daemon.telemetry.vital_signs import VitalSigns
    from daemon.web.bearer_gate import BearerGate
    from daemon.web.rate_limit import RateLimit

LIVE, READY = "/v2/health/live", "/v2/health/ready"
BODY_SECONDS = 10.0
_JSON_BYTES = "inference-header-content-length"


def model_path(name: str) -> str:
    """Return the path of a model's metadata; those of its other routes begin with it."""
    return f"/v2/models/{name}"


def serving_routes(
    model: ServedModel,
    *,
    signs: VitalSigns,
    gate: BearerGate,
    limit: RateLimit,
    max_concurrent: int,
    metrics: ServingMetrics,
    version: str,
) -> list[Route]:
    """Return the protocol's routes.

    Errors are JSON, ``{"error": …}``: 400 what is asked has no answer, 401 and 403 as for control, 408 the body
    does not come, 404 another model, 415 a compressed body, 429 too many a second, 503 not ready, or too many at
    a time.
    """
    path = model_path(model.name)
    inference = _Inference(model, gate=gate, limit=limit, max_concurrent=max_concurrent, metrics=metrics)

    def guarded(answer: Callable[[], Response]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            return gate.refusal(request) or answer()

        return endpoint

    async def live(_: Request) -> Response:
        return _flag("live", signs.why_not_alive())

    async def ready(_: Request) -> Response:
        return _flag("ready", signs.why_not_ready() or model.why_not_ready)

    async def elsewhere(request: Request) -> Response:
        allowed = "POST" if request.url.path == f"{path}/infer" else "GET"
        if request.url.path in known:
            return says(405, f"{allowed} is the method", Allow=allowed)
        return gate.refusal(request) or says(404, f"there is the model {model.name} alone: {path}")

    server = {"name": "retaind", "version": version, "extensions": ["binary_tensor_data"]}
    routes = [
        Route(LIVE, live),
        Route(READY, ready),
        Route("/v2", guarded(lambda: _json(200, server))),
        Route(path, guarded(lambda: _json(200, model.metadata()))),
        Route(f"{path}/ready", guarded(lambda: _flag("ready", model.why_not_ready, name=model.name))),
        Route(f"{path}/infer", inference.answer, methods=["POST"]),
    ]
    known = {route.path for route in routes}
    return [*routes, Route("/v2/{rest:path}", elsewhere, methods=["GET", "POST"])]


class _Inference:
    """Takes requests in, as many as it may, and counts how they end."""

    def __init__(
        self,
        model: ServedModel,
        *,
        gate: BearerGate,
        limit: RateLimit,
        max_concurrent: int,
        metrics: ServingMetrics,
    ) -> None:
        self._model = model
        self._gate = gate
        self._limit = limit
        self._max_concurrent = max_concurrent
        self._metrics = metrics
        self._in_hand = 0
        metrics.begin()

    async def answer(self, request: Request) -> Response:
        """Answer an inference request, or refuse it."""
        begun = time.perf_counter()
        response, rows = self._refusal(request), 0
        if response is None:
            self._in_hand += 1
            try:
                response, rows = await self._inferred(request)
            finally:
                self._in_hand -= 1
        self._metrics.answered(response.status_code, rows=rows, seconds=time.perf_counter() - begun)
        return response

    def _refusal(self, request: Request) -> Response | None:
        refusal = self._gate.refusal(request)
        if refusal is not None:
            return refusal
        if "content-encoding" in request.headers:
            return says(415, "compressed bodies are not taken; send the JSON as it is")
        if self._in_hand >= self._max_concurrent:
            return says(503, "too many requests at a time (serving.max_concurrent)", **{"Retry-After": "1"})
        if not self._limit.takes_one():
            return says(429, "too many requests a second (serving.max_per_second)", **{"Retry-After": "1"})
        return None

    async def _inferred(self, request: Request) -> tuple[Response, int]:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await request.body()
        except TimeoutError:
            return says(408, f"the body did not come within {BODY_SECONDS:g} s", Connection="close"), 0
        except ClientDisconnect:
            return says(400, "the connection ended before the body was there"), 0
        try:
            answer = self._model.infer(body, json_bytes=_json_bytes(request, of=len(body)))
        except ProtocolError as error:
            retry = {"Retry-After": "1"} if error.status == 503 else {}  # noqa: PLR2004 - not ready
            return says(error.status, str(error), **retry), 0
        return _json(200, answer), answer["outputs"][0]["shape"][0]


def _json_bytes(request: Request, *, of: int) -> int | None:
    """Return where the JSON ends in a body of so many bytes; None where it is all of it."""
    told = request.headers.get(_JSON_BYTES)
    if told is None:
        return None
    if told.isascii() and told.isdigit() and len(told) < 10 and int(told) <= of:  # noqa: PLR2004 - a body's size
        return int(told)
    raise ProtocolError(f"Inference-Header-Content-Length is {told!r}; expected at most the body's {of} bytes")


def _flag(what: str, why_not: str | None, **others: str) -> Response:
    if why_not is None:
        return _json(200, {**others, what: True})
    return _json(503, {**others, what: False, "error": why_not})


def _json(status: int, content: dict[str, Any]) -> Response:
    """Return an answer in which class names are as they are: redaction is for the daemon's own."""
    return fresh_json(json_text(content), status=status)
