"""From a configuration to the process that answers HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.front.desk import Desk
from daemon.front.process import Front
from daemon.front.settings import FrontSettings, Serving
from daemon.intake.labels.options import ClassLabel
from daemon.process.version import retaind_version
from daemon.serving.field_names import FieldNames
from daemon.web.exposition import metrics_text
from daemon.web.tokens import control_token, serving_token
from daemon.web.web_config import web_config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from prometheus_client import CollectorRegistry

    from daemon.config.schema import Config
    from daemon.telemetry.health import Health
    from daemon.telemetry.history.recorder import Recorder
    from daemon.telemetry.metrics import Metrics
    from daemon.web.control import Control
    from daemon.web.token_file import TokenFile


def build_front(
    config: Config,
    *,
    registry: CollectorRegistry,
    health: Health,
    history: Recorder,
    control: Control,
    metrics: Metrics,
    tap: Callable[[int], None] = lambda _: None,
) -> Front:
    """Return the process, not yet started; raise ``ConfigError`` where tokens or certificates are unusable."""
    return Front(
        front_settings(config),
        host=config.http.host,
        port=config.http.port,
        desk=Desk(reports(registry, health, history), control, tap=tap),
        health=health,
        restarted=metrics.front.one,
    )


def reports(registry: CollectorRegistry, health: Health, history: Recorder) -> Mapping[str, Callable[[], bytes]]:
    """Return how each report is made that the pages show."""
    return {
        "text": lambda: metrics_text(registry, openmetrics=False),
        "openmetrics": lambda: metrics_text(registry, openmetrics=True),
        "status": lambda: health.status().encode(),
        "history": lambda: history.json().encode(),
    }


def front_settings(config: Config) -> FrontSettings:
    """Return what that process has to know; raise ``ConfigError`` as ``build_front``."""
    web = web_config(config)
    return FrontSettings(
        name=config.name,
        version=retaind_version(),
        max_connections=config.http.max_connections,
        server_names=config.http.server_names,
        users=web.basic_auth_users,
        tls=None if web.tls_server_config is None else web.tls_server_config.tls(),
        control_token_file=_path(control_token(config)),
        serving=_serving(config),
        tap=config.http.tap is not None,
    )


def _serving(config: Config) -> Serving | None:
    section = config.serving
    if section is None:
        return None
    return Serving(
        names=FieldNames.of(config.decoder),
        of_classes=tuple(name for name, view in config.views.items() if isinstance(view.label, ClassLabel)),
        token_file=_path(serving_token(config)),
        max_rows=section.max_rows,
        max_bytes=section.max_bytes,
        max_per_second=section.max_per_second,
        max_concurrent=section.max_concurrent,
        packages=tuple(sorted(own_packages(config))),
    )


def own_packages(config: Config) -> frozenset[str]:
    """Return the packages of the classes of one's own that the configuration names, as ``package.module:Class``."""
    return frozenset(name.split(":")[0].split(".")[0] for name in _types(config.model_dump()) if ":" in name)


def _types(value: Any) -> Iterator[str]:
    """Yield what stands under ``type`` anywhere in a configuration."""
    if isinstance(value, dict):
        if isinstance(value.get("type"), str):
            yield value["type"]
        value = list(value.values())
    if isinstance(value, list | tuple):
        for each in value:
            yield from _types(each)


def _path(token: TokenFile | None) -> str | None:
    return None if token is None else str(token.path)
