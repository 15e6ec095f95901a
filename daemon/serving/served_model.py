"""The one model that a daemon serves."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

from daemon.serving.metadata import model_metadata
from daemon.serving.protocol_error import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemon.learning.event_predictor import EventPredictor
    from daemon.serving.field_names import FieldNames


class Copies(Protocol):
    """Whoever has the copies of the model."""

    @property
    def newest(self) -> EventPredictor | None:
        """The newest copy, replaced as a whole; None before there is anything to ask."""


class ServedModel:
    """Answers from the newest copy of what was learned; of one thread."""

    def __init__(
        self,
        name: str,
        copies: Copies,
        *,
        names: FieldNames,
        max_rows: int,
        classes: bool,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self._copies = copies
        self._names = names
        self._max_rows = max_rows
        self._classes = classes
        self._clock = clock

    @property
    def why_not_ready(self) -> str | None:
        """Why nothing can be answered yet; None where it can."""
        predictor = self._copies.newest
        if predictor is None:
            return "the model has seen no event yet"
        return "the model has seen no class yet" if self._classes and not predictor.class_names else None

    def metadata(self) -> dict[str, Any]:
        """Return what the model takes and says."""
        return model_metadata(self.name, self._copies.newest, self._names)

    def infer(self, body: bytes, *, json_bytes: int | None) -> dict[str, Any]:
        """Return the answer to a request, see ``infer``; raise ``ProtocolError``."""
        if (reason := self.why_not_ready) is not None:
            raise ProtocolError(reason, status=503)
        from daemon.serving.inference import infer  # noqa: PLC0415 - with torch, which nobody needs before

        predictor = self._copies.newest
        assert predictor is not None, "it is ready"
        return infer(
            body,
            predictor,
            model=self.name,
            names=self._names,
            max_rows=self._max_rows,
            now=self._clock(),
            json_bytes=json_bytes,
        )
