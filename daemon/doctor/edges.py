"""Where events come from and go to, by the section of the configuration that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from daemon.config.schema import Config


def sources(config: Config) -> dict[str, Any]:
    """Return the options of each source, that of the reference rows among them."""
    found: dict[str, Any] = {"source": config.source}
    if config.reference is not None:
        found["reference.source"] = config.reference.source
    return found


def sinks(config: Config) -> dict[str, Any]:
    """Return the options of each sink; None where there is none."""
    return {"dead_letters": config.dead_letters, "predictions": config.predictions}
