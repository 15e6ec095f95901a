"""The schemas that a stream has needed so far: each is asked for once."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from connectors.decoder import DecoderUnavailableError
from connectors.decoders.envelope import RejectedError
from connectors.decoders.registry.registered_schema import UnusableSchemaError, registered_schema
from connectors.decoders.registry.registry_client import NotInRegistryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from connectors.decoders.registry.registered_schema import RegisteredSchema
    from connectors.decoders.registry.registry_client import RegistryClient
    from connectors.decoders.registry.wire_format import SchemaKey

log = logging.getLogger(__name__)

MOST_SCHEMAS = 4_096
"""As many as records in a poll: what one poll needs is never dropped before it's decoded."""
FIRST_BACKOFF_SECONDS = 0.5
LAST_BACKOFF_SECONDS = 30.0
ASK_AGAIN_SECONDS = 60.0
"""After which a schema that wasn't there is asked for again."""

Schema = TypeVar("Schema")


@dataclass(frozen=True, slots=True)
class _Absent:
    why: str
    until: float


class SchemaCache(Generic[Schema]):
    """Schemas by id or GUID, compiled; the one unused for longest is dropped.

    A registry that cannot be reached is asked again with growing pauses; in between the same reason is given at
    once. A schema that the registry doesn't know, or that can't be compiled, is remembered as such for a minute.
    """

    def __init__(
        self,
        client: RegistryClient,
        compiled: Callable[[RegisteredSchema], Schema],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._compiled = compiled
        self._monotonic = monotonic
        self._known: OrderedDict[SchemaKey, Schema | _Absent] = OrderedDict()
        self._failures = 0
        self._retry_at = float("-inf")
        self._failure = ""

    def prepare(self, keys: Iterable[SchemaKey]) -> None:
        """Ask for those that aren't known; raise ``DecoderUnavailableError`` where one can't be had."""
        for key in dict.fromkeys(keys):
            self._found(key)

    def get(self, key: SchemaKey) -> Schema:
        """Return a schema; raise ``RejectedError`` where there is none, else as ``prepare`` does.

        What ``prepare`` has asked for is not asked for again, however long ago that was.
        """
        found = self._known.get(key) or self._found(key)
        if isinstance(found, _Absent):
            raise RejectedError("decode", "undecodable", found.why)
        return found

    def _found(self, key: SchemaKey) -> Schema | _Absent:
        found = self._known.get(key)
        if found is None or (isinstance(found, _Absent) and self._monotonic() >= found.until):
            found = self._known[key] = self._ask(key)
            if len(self._known) > MOST_SCHEMAS:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return found

    def _ask(self, key: SchemaKey) -> Schema | _Absent:
        if self._monotonic() < self._retry_at:
            raise DecoderUnavailableError(self._failure)
        found: Schema | _Absent
        try:
            found = self._compiled(registered_schema(self._client, key))
        except DecoderUnavailableError as error:
            self._failed(str(error))
            raise
        except NotInRegistryError:
            found = self._absent(f"The schema registry has no schema {_named(key)}, or not all that it refers to.")
        except UnusableSchemaError as error:
            found = self._absent(f"The schema {_named(key)} can't be used: {error}.")
        self._failures = 0
        return found

    def _absent(self, why: str) -> _Absent:
        log.warning("%s", why)
        return _Absent(why, self._monotonic() + ASK_AGAIN_SECONDS)

    def _failed(self, why: str) -> None:
        wait = min(FIRST_BACKOFF_SECONDS * 2**self._failures, LAST_BACKOFF_SECONDS)
        self._failures = min(self._failures + 1, 10)
        self._retry_at, self._failure = self._monotonic() + wait, why


def _named(key: SchemaKey) -> str:
    return f"with id {key}" if isinstance(key, int) else f"with GUID {key}"
