"""The configuration as the daemon understands it: every default filled in, ready to be a file again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from daemon.config.challenger_view import challenger_view
from daemon.config.companions_section import SHARED
from daemon.config.default_strategies import DEFAULT
from daemon.config.dump import dump
from daemon.config.label_words import NONE
from daemon.config.values import value_at
from daemon.options import as_written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.config.errors import KeyPath
    from daemon.config.schema import Config


def effective(config: Config) -> dict[str, Any]:
    """Return JSON values that are valid as a file and mean the same, secrets aside."""
    shown: dict[str, Any] = dump({name: _whole(value) for name, value in config if name != "companions"})
    if shown["label"].get("classes") and "max_classes" not in config.label.model_fields_set:
        del shown["label"]["max_classes"]  # has no effect with a closed set
    if config.targets:
        shown["label"] = NONE  # which they stand in place of
    shown["companions"] = dump(_whole(config.companions)) | _challenger(config)
    return {name: shown[name] for name in type(config).model_fields}


def origin(config: Config, path: KeyPath) -> str:
    """Return in a few words why a value is as it is, nothing where the file says so itself."""
    document = config.document
    assert document is not None
    if path in document.written:
        return f"from {document.written[path]}"
    if path in config.dialled:
        return "set by retention.stability"
    if path[0] == "strategies" and document.value.get("strategies", DEFAULT) == DEFAULT:
        return "chosen by strategies: default"
    if path in document.values:
        return ""
    if value_at(path, dict(config.assumed)) is not None:
        return "assumed for the pretrained model"
    inherited = (
        path[:2] == ("companions", "challenger") and path[2:3] != ("strategies",) and len(path) > len(path[:2])
    )
    return "as the main learner has it" if inherited else "default"


def _challenger(config: Config) -> dict[str, Any]:
    """Return the challenger with what it takes from the main learner, but for what it may not say itself."""
    challenger = config.companions.challenger
    if challenger is None:
        return {}
    view = challenger_view(config, challenger)
    learner = {name: value for name, value in _whole(view.learner).items() if name not in SHARED}
    parts = {name: _whole(getattr(view, name)) for name in ("strategies", "optimizer", "adapters")}
    return {"challenger": dump(parts | {"learner": learner})}


def _whole(value: Any) -> Any:
    """Return models as mappings of all that may be written together, given or not."""
    if isinstance(value, BaseModel):
        return {name: _whole(entry) for name, entry in _accepted(value).items()}
    if isinstance(value, list | tuple):
        return [_whole(item) for item in value]
    return value


def _accepted(model: BaseModel) -> Mapping[str, Any]:
    """Return a model's values, without those defaults that it refuses beside what is given.

    Some options exclude others, such as the two rates of the learner's updates.
    """
    every = as_written(model)
    if _accepts(model, every):
        return every
    chosen = {name: value for name, value in every.items() if name in _given(model)}
    for name, value in every.items():
        if name not in chosen and _accepts(model, chosen | {name: value}):
            chosen[name] = value
    return {name: value for name, value in every.items() if name in chosen}


def _given(model: BaseModel) -> set[str]:
    """Return the keys that the file gives."""
    return {type(model).model_fields[name].alias or name for name in model.model_fields_set}


def _accepts(model: BaseModel, values: Mapping[str, Any]) -> bool:
    try:
        type(model).model_validate(values)
    except ValidationError:
        return False
    return True
