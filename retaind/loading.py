"""From a configuration to a model."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from daemon.build.load import load as load_file
from daemon.build.load import load_bytes
from daemon.config.label_words import is_of_the_future
from daemon.config.schema import Config
from retaind.model import Model

if TYPE_CHECKING:
    from collections.abc import Mapping

NOWHERE = "(none)"
"""The state directory of a model that is not to be saved."""
_UNSAID: dict[str, Any] = {
    "source": {"type": "file", "path": "(python)"},
    "decoder": {"type": "json"},
    "strategies": "default",
    "checkpoint": {"directory": NOWHERE},
}


def load(config: str | os.PathLike[str] | Mapping[str, Any] | Config) -> Model:
    """Return the model of a configuration, as its newest checkpoint has it, or untrained where there is none.

    ``config`` is the path of a daemon's file, or its sections as a dict, of which none is needed: events then have
    their label in ``label``, and nothing is saved. Where ``checkpoint.directory`` is named, its state is taken up,
    a daemon's too, and locked until the model is closed. Raises ``ConfigError`` and ``StateError``.
    """
    if isinstance(config, Config):
        return Model(config)
    if isinstance(config, str | os.PathLike):
        return Model(load_file(Path(config)))
    return Model(load_bytes(orjson.dumps(_complete(config)), file="(python)", environ={}), saved=_is_saved(config))


def _complete(sections: Mapping[str, Any]) -> dict[str, Any]:
    """Return sections with what Python does not need to say; of ``decoder`` only what is not said."""
    decoder = sections.get("decoder", {})
    if isinstance(decoder, dict):
        label = {} if is_of_the_future(sections) else {"label": "label"}
        decoder = _UNSAID["decoder"] | label | decoder
    return _UNSAID | dict(sections) | {"decoder": decoder}


def _is_saved(sections: Mapping[str, Any]) -> bool:
    return "checkpoint" in sections
