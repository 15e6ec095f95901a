"""The one model that a daemon serves, which may have several targets."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

from daemon.serving.metadata import model_metadata
from daemon.serving.protocol_error import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from daemon.learning.event_predictor import EventPredictor
    from daemon.serving.field_names import FieldNames


class Copies(Protocol):
    """Whoever has the copies of the model."""

    @property
    def newest(self) -> Mapping[str, EventPredictor]:
        """The newest copy, by target, replaced as a whole; empty before there is anything to ask."""


class ServedModel:
    """Answers from the newest copy of what was learned; of one thread."""

    def __init__(
        self,
        name: str,
        copies: Copies,
        *,
        names: FieldNames,
        max_rows: int,
        of_classes: Collection[str],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self._copies = copies
        self._names = names
        self._max_rows = max_rows
        self._of_classes = of_classes
        self._clock = clock

    @property
    def why_not_ready(self) -> str | None:
        """Why nothing can be answered yet; None where it can."""
        if not self._copies.newest:
            return "the model has seen no event yet"
        return None if self._answering else "the model has seen no class yet"

    @property
    def _answering(self) -> Mapping[str, EventPredictor]:
        """The targets that can be asked: who has seen no class yet has nothing to say."""
        newest = self._copies.newest
        return {name: each for name, each in newest.items() if each.class_names or name not in self._of_classes}

    def metadata(self) -> dict[str, Any]:
        """Return what the model takes and says."""
        return model_metadata(self.name, self._answering, self._names)

    def infer(self, body: bytes, *, json_bytes: int | None) -> dict[str, Any]:
        """Return the answer to a request, see ``infer``; raise ``ProtocolError``."""
        if (reason := self.why_not_ready) is not None:
            raise ProtocolError(reason, status=503)
        from daemon.serving.inference import infer  # noqa: PLC0415 - with torch, which nobody needs before

        return infer(
            body,
            self._answering,
            model=self.name,
            names=self._names,
            max_rows=self._max_rows,
            now=self._clock(),
            json_bytes=json_bytes,
        )
