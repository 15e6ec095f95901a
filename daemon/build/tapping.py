"""From a configuration to what lets events be watched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.learning.redaction import Redaction
from daemon.learning.tap import Tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemon.config.schema import Config


def build_tap(config: Config, *, send: Callable[[str], object]) -> Tap | None:
    """Return it; None where the file does not allow it."""
    section = config.http.tap
    if section is None:
        return None
    decoder: Any = config.decoder
    labels = [view.label.field if view.label.is_later else None for view in config.views.values()]
    own = [getattr(decoder, name, None) for name in ("label", "task")]
    hidden = Redaction(section.redact, labels=[*labels, own[0]], task=own[1])
    return Tap(hidden, max_per_second=section.max_per_second, send=send)
