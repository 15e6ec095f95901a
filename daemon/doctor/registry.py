"""Whether the schema registry answers, and lets this process in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.decoder import DecoderUnavailableError
from connectors.decoders.registry.registry_client import NotInRegistryError, RegistryClient
from connectors.decoders.schema_options import SchemaOptions
from daemon.doctor.finding import ok, problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.config.schema import Config
    from daemon.doctor.finding import Finding
    from daemon.doctor.setup import Setup

_NOBODYS = (1 << 31) - 1
"""An id that no schema has: the answer to it says that a registry was asked."""


def check_registry(config: Config, _: Setup) -> Iterator[Finding]:
    """Ask each registry for the schema that events are read as, or else for one that can't be there."""
    for name, options in _decoders(config):
        wanted = options.reader_schema_id
        try:
            RegistryClient(options.registry).get(f"/schemas/ids/{_NOBODYS if wanted is None else wanted}")
        except DecoderUnavailableError as error:
            yield problem(f"{name}: {error}", "mend it; until then events wait, and none is rejected")
            continue
        except NotInRegistryError:
            if wanted is not None:
                yield problem(
                    f"{name}.reader_schema_id: the registry has no schema {wanted}", "name one that it has"
                )
                continue
        yield ok(f"{name}: the registry at {options.registry.url} answers")


def _decoders(config: Config) -> Iterator[tuple[str, SchemaOptions]]:
    reference: Any = None if config.reference is None else config.reference.decoder
    for name, options in (("decoder", config.decoder), ("reference.decoder", reference)):
        if isinstance(options, SchemaOptions):
            yield name, options
