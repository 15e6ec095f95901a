"""Whether the file says which fields are features, or whoever writes first does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.doctor.finding import ok, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.config.schema import Config
    from daemon.doctor.finding import Finding
    from daemon.doctor.setup import Setup


def check_features(config: Config, _: Setup) -> Iterator[Finding]:
    """Look at what the decoder is told; those of fixed columns have nothing to be told."""
    if not hasattr(config.decoder, "features"):
        return
    named = config.decoder.features
    if named is None:
        first = getattr(config.decoder, "first_events", 1)
        yield warning(
            f"decoder.features is not given: the first {first} events decide for good which fields are features,"
            " test messages among them",
            "name the fields: features: [a, b]; `retaind init --from` writes those of a sample",
        )
    else:
        yield ok(f"decoder.features names {len(named)} fields")
