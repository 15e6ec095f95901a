"""The manifest of a checkpoint: what it is, the checksum of every part, and all of the state that is JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from daemon.state.durable import StoredFile, read_file
from daemon.state.layout import FIRST, require_known
from daemon.state.sealed_json import sealed, unsealed
from daemon.state.state_error import DamagedError, StateError

if TYPE_CHECKING:
    from pathlib import Path

FORMAT: Final = 3
"""Since 2 a manifest says of which layout the components are, see ``layout``; since 3 it names the history."""
FORMATS: Final = (1, 2, FORMAT)
TENSORS = "state.safetensors"
HISTORY = "history.json"
_MAX_BYTES = 1 << 28


class Parts(BaseModel):
    """The files next to the manifest."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)

    tensors: StoredFile = Field(alias=TENSORS)
    history: StoredFile | None = Field(None, alias=HISTORY)
    """None where there was nothing to tell, and in formats before 3, which do not say."""


class Manifest(BaseModel):
    """One generation of the state, without its tensors.

    ``created`` is Unix time in seconds. ``summary`` and ``state`` are documents of ``state_tree.flatten``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    format: Literal[1, 2, 3]
    retaind: str
    generation: int = Field(ge=1)
    created: float
    layout: dict[str, int] = Field(default_factory=lambda: dict(FIRST))
    """The version of every component."""
    summary: dict[str, Any]
    parts: Parts
    state: dict[str, Any]

    def encode(self) -> bytes:
        """Return the file: one JSON object that ends with the checksum of all bytes before it."""
        fields = self.model_dump(exclude={"summary", "state"}, exclude_none=True, by_alias=True)
        fields |= {"summary": self.summary, "state": self.state}
        content = sealed(json.dumps(fields, allow_nan=False, separators=(",", ":")))
        if len(content) > _MAX_BYTES:
            raise StateError(
                f"the JSON part of the state has {len(content)} bytes, more than the {_MAX_BYTES} that are read "
                "back; lower the limits on what is kept by key"
            )
        return content


def read_manifest(path: Path) -> Manifest:
    """Return a manifest that is as it was written.

    Raises ``DamagedError`` where it is not, and ``StateError`` for a format that this version does not know.
    """
    try:
        content = read_file(path, max_bytes=_MAX_BYTES)
        fields = unsealed(content)
        if fields.get("format") not in FORMATS:
            raise StateError(
                f"{path} has the format {fields.get('format')!r} of retaind {fields.get('retaind')}; this version "
                f"reads formats up to {FORMAT}: run the version that wrote it, or roll back"
            )
        manifest = Manifest.model_validate(fields)
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"{path} {_reason(error)}") from error
    require_known(manifest.layout, release=manifest.retaind)
    return manifest


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"is not a manifest: {'.'.join(map(str, first['loc']))}: {first['msg']}"
    if isinstance(error, json.JSONDecodeError | RecursionError):
        return f"is not readable as JSON ({error})"
    return str(error)
