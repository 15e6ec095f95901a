"""From what the process that answers HTTP has to know to the application that answers."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from daemon.process.own_use import own_use
from daemon.telemetry.metrics import http, serving
from daemon.telemetry.metrics.board import Board
from daemon.web.app import app
from daemon.web.basic_auth import BasicAuth
from daemon.web.bearer_gate import BearerGate
from daemon.web.control_routes import CONTROL_PATHS, control_routes
from daemon.web.exposition import Exposition
from daemon.web.known_names import KnownNames
from daemon.web.pace import Pace
from daemon.web.rate_limit import RateLimit
from daemon.web.request_bounds import RequestBounds
from daemon.web.tap_routes import TAP_PATH, tap_routes
from daemon.web.token_file import TokenFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.routing import Route
    from starlette.types import ASGIApp

    from daemon.front.asked import AskedDaemon
    from daemon.front.model import ReceivedModel
    from daemon.front.settings import FrontSettings, Serving
    from daemon.telemetry.vital_signs import VitalSigns
    from daemon.web.door import Door


class Application:
    """All that answers, with its own metrics."""

    def __init__(
        self,
        settings: FrontSettings,
        *,
        daemon: AskedDaemon,
        signs: VitalSigns,
        model: ReceivedModel | None,
        doors: Sequence[Door],
    ) -> None:
        board, registry = Board((*http.FAMILIES, *serving.FAMILIES)), CollectorRegistry()
        registry.register(board)
        self.metrics = http.HttpMetrics(board)
        self._settings = settings
        self._daemon = daemon
        exempt, bodies, routes = set[str](), dict[str, int](), list["Route"]()
        if settings.serving is not None and model is not None:
            routes = self._serving_routes(settings.serving, model, signs, serving.ServingMetrics(board))
            infer = f"/v2/models/{settings.name}/infer"
            bodies[infer] = settings.serving.max_bytes
            if settings.serving.token_file is not None:
                exempt |= {route.path for route in routes}
        control = self._control_routes()
        exempt |= CONTROL_PATHS if control else frozenset()
        if control and settings.tap:
            gate = self._gate(settings.control_token_file, "tap")
            control += tap_routes(daemon.tapped, gate, ask=daemon.tap)
            exempt.add(TAP_PATH)
        application: ASGIApp = app(
            daemon,
            signs=signs,
            exposition=Exposition(daemon, registry, look=partial(self._look, doors)),
            control=control,
            serving=routes,
        )
        if settings.users:
            application = BasicAuth(application, settings.users, exempt=exempt)
        elif settings.tls is None:
            # Elsewhere a browser has no password for another name, or no certificate.
            names = settings.server_names
            application = KnownNames(application, names, refused=partial(self.metrics.refused, "host"))
        bounded = RequestBounds(application, bodies=bodies)
        refused = partial(self.metrics.refused, "rate")
        self.asgi: ASGIApp = Pace(bounded, exempt=frozenset(bodies), refused=refused)

    def _look(self, doors: Sequence[Door]) -> None:
        self.metrics.stands(
            connections=sum(map(len, doors)),
            gave_way=sum(door.gave_way for door in doors),
            resident_bytes=own_use().resident_bytes,
        )

    def _gate(self, token_file: str | None, what: str) -> BearerGate:
        token = None if token_file is None else TokenFile(Path(token_file))
        return BearerGate(token, what=what, warn=partial(self._daemon.log, "warning"))

    def _control_routes(self) -> list[Route]:
        file = self._settings.control_token_file
        if file is None:
            return []
        gate = self._gate(file, "control")
        return control_routes(self._daemon, gate, patience_seconds=self._settings.patience_seconds)

    def _serving_routes(
        self, asked: Serving, model: ReceivedModel, signs: VitalSigns, metrics: serving.ServingMetrics
    ) -> list[Route]:
        from daemon.serving.served_model import ServedModel  # noqa: PLC0415 - with numpy, which only this needs
        from daemon.web.serving_routes import serving_routes  # noqa: PLC0415 - likewise

        served = ServedModel(
            self._settings.name, model, names=asked.names, max_rows=asked.max_rows, of_classes=asked.of_classes
        )
        return serving_routes(
            served,
            signs=signs,
            gate=self._gate(asked.token_file, "inference"),
            limit=RateLimit(asked.max_per_second),
            max_concurrent=asked.max_concurrent,
            metrics=metrics,
            version=self._settings.version,
        )
