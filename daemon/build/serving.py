"""From a configuration to what answers whoever asks the model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from daemon.intake.labels.options import ClassLabel
from daemon.process.version import retaind_version
from daemon.serving.field_names import FieldNames
from daemon.serving.served_model import ServedModel
from daemon.serving.snapshots import Snapshots
from daemon.web.bearer_gate import BearerGate
from daemon.web.rate_limit import RateLimit
from daemon.web.serving_routes import model_path, serving_routes
from daemon.web.tokens import serving_token

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.routing import Route

    from daemon.config.schema import Config
    from daemon.config.serving_section import ServingSection
    from daemon.telemetry.health import Health
    from daemon.telemetry.metrics.serving import ServingMetrics


def build_snapshots(config: Config, *, metrics: ServingMetrics) -> Snapshots | None:
    """Return what holds the copy that answers; None where nobody may ask."""
    serving = config.serving
    if serving is None:
        return None
    return Snapshots(every_seconds=serving.every_seconds, max_share=serving.max_share, tell=metrics.copied)


@dataclass(frozen=True, slots=True)
class Serving:
    """What the HTTP server has to know of it."""

    routes: Sequence[Route] = ()
    bodies: Mapping[str, int] = field(default_factory=dict)
    """Bytes of the bodies that are taken, by path."""
    exempt: frozenset[str] = frozenset()
    """Paths that ask for a token of their own, and so for no password."""


def build_serving(
    config: Config, *, snapshots: Snapshots | None, health: Health, metrics: ServingMetrics
) -> Serving:
    """Return the routes of the protocol, none where nobody may ask; raise ``ConfigError`` for an unusable token."""
    section = config.serving
    if section is None or snapshots is None:
        return Serving()
    token = serving_token(config)
    routes = serving_routes(
        _model(config, section, snapshots),
        health=health,
        gate=BearerGate(token, what="inference"),
        limit=RateLimit(section.max_per_second),
        max_concurrent=section.max_concurrent,
        metrics=metrics,
        version=retaind_version(),
    )
    return Serving(
        routes,
        bodies={f"{model_path(config.name)}/infer": section.max_bytes},
        exempt=frozenset() if token is None else frozenset(route.path for route in routes),
    )


def _model(config: Config, section: ServingSection, snapshots: Snapshots) -> ServedModel:
    return ServedModel(
        config.name,
        snapshots,
        names=FieldNames.of(config.decoder),
        max_rows=section.max_rows,
        classes=isinstance(config.label, ClassLabel),
    )
