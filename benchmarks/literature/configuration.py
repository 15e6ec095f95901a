"""From a protocol and one of its settings to the configuration that the pipeline is built from."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from daemon.build.load import load_bytes

if TYPE_CHECKING:
    from benchmarks.literature.protocol import Overrides, Protocol
    from daemon.config.schema import Config

# The records come from the protocol, and nothing is saved; a file has these sections, so they are there. No learner
# runs beside the one that is measured, unless a protocol wants it.
_UNUSED = {
    "source": {"type": "file", "path": "(the protocol's stream)"},
    "checkpoint": {"directory": "(none)"},
    "companions": {"naive": None, "frozen": None},
}


def written(protocol: type[Protocol], setting: str, *, seed: int) -> Overrides:
    """Return the configuration as it would stand in a file."""
    return merged(protocol.base, protocol.settings[setting].overrides) | {"seed": seed}


def validated(configuration: Overrides, *, name: str) -> Config:
    """Return the configuration, checked as a file's is; raise ``ConfigError``, which calls it ``name``."""
    # JSON is YAML.
    return load_bytes(json.dumps(_UNUSED | configuration).encode(), file=name, environ={})


def merged(base: Overrides, overrides: Overrides) -> Overrides:
    """Return ``base`` with ``overrides`` laid over: a mapping of the same ``type`` key by key, all else as it is.

    >>> merged({"optimizer": {"type": "sgd", "lr": 0.2}, "strategies": []}, {"optimizer": {"lr": 0.1}})
    {'optimizer': {'type': 'sgd', 'lr': 0.1}, 'strategies': []}
    >>> merged({"model": {"type": "cnn", "hidden": 128}}, {"model": {"type": "linear"}})
    {'model': {'type': 'linear'}}
    """
    result = dict(base)
    for key, value in overrides.items():
        before = base.get(key)
        same_kind = (
            isinstance(before, dict) and isinstance(value, dict) and _kind(value, before) == before.get("type")
        )
        result[key] = merged(base[key], value) if same_kind else value
    return result


def digest(*, protocol: str, configuration: Overrides, peer: str | None, validate: bool) -> str:
    """Return a hash of everything that a run depends on but the code and the data."""
    run = {"protocol": protocol, "configuration": configuration, "peer": peer, "validate": validate}
    return hashlib.sha256(json.dumps(run, sort_keys=True).encode()).hexdigest()[:16]


def _kind(value: dict[str, Any], before: dict[str, Any]) -> Any:
    return value.get("type", before.get("type"))
