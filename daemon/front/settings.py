"""What the process that answers HTTP has to know: the configuration's part about it, as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self

import orjson

from daemon.serving.field_names import FieldNames
from daemon.web.control_routes import PATIENCE_SECONDS
from daemon.web.tls import Tls

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Serving:
    """How the model is asked; see the section ``serving`` of the configuration."""

    names: FieldNames
    of_classes: tuple[str, ...]
    """The targets of which a class is predicted; ``ALONE`` where that is one label."""
    token_file: str | None
    max_rows: int
    max_bytes: int
    max_per_second: float
    max_concurrent: int
    packages: tuple[str, ...] = ()
    """Of classes of one's own, which the model may be made of."""


@dataclass(frozen=True, slots=True)
class FrontSettings:
    """All of it."""

    name: str
    version: str
    max_connections: int
    server_names: tuple[str, ...] = ()
    users: Mapping[str, str] = field(default_factory=dict)
    tls: Tls | None = None
    control_token_file: str | None = None
    patience_seconds: float = PATIENCE_SECONDS
    """How long an order may take until it is answered."""
    serving: Serving | None = None
    tap: bool = False
    """Whether events may be watched."""

    def to_json(self) -> bytes:
        """Return it as JSON."""
        return orjson.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """Return what ``to_json`` has written."""
        of: dict[str, Any] = orjson.loads(text)
        of["tls"] = None if of["tls"] is None else Tls(**of["tls"])
        if (serving := of["serving"]) is not None:
            names, of_classes = FieldNames(**serving["names"]), tuple(serving["of_classes"])
            of["serving"] = Serving(**serving | {"names": names, "of_classes": of_classes})
        return cls(**of)
