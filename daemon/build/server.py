"""From a configuration to the HTTP server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.web.app import app
from daemon.web.basic_auth import BasicAuth
from daemon.web.control_routes import CONTROL_PATHS, control_routes
from daemon.web.server import HttpServer
from daemon.web.tokens import control_token
from daemon.web.web_config import web_config

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from starlette.types import ASGIApp

    from daemon.build.serving import Serving
    from daemon.config.schema import Config
    from daemon.telemetry.health import Health
    from daemon.telemetry.history.recorder import Recorder
    from daemon.web.control import Control


def build_server(
    config: Config,
    *,
    registry: CollectorRegistry,
    health: Health,
    history: Recorder,
    control: Control,
    serving: Serving,
) -> HttpServer:
    """Return the server, not yet started; raise ``ConfigError`` where token or certificates are unusable."""
    http, token, web = config.http, control_token(config), web_config(config)
    application: ASGIApp = app(
        registry,
        health=health,
        history=history,
        control=() if token is None else control_routes(control, token),
        serving=serving.routes,
    )
    if web.basic_auth_users:
        exempt = frozenset() if token is None else CONTROL_PATHS
        application = BasicAuth(application, web.basic_auth_users, exempt=exempt | serving.exempt)
    tls = None if web.tls_server_config is None else web.tls_server_config.context()
    return HttpServer(application, host=http.host, port=http.port, tls=tls, bodies=serving.bodies)
