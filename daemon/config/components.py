"""Finds the class that a section's ``type`` names, and validates the section with that class's options."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from connectors.options import Options as ConnectorOptions
from daemon.config.tables import Tables
from strategies.options import Options as StrategyOptions

if TYPE_CHECKING:
    from collections.abc import Mapping


class OwnOptions(ConnectorOptions, StrategyOptions):
    """Options of a user's own class or factory that declares none: everything is passed on as it is written."""

    model_config = ConfigDict(extra="allow")


class UnknownTypeError(ValueError):
    """No component has this name."""


class OwnClassError(ValueError):
    """A user's own class cannot be imported or used; the message is the reason."""


def resolve(name: str, table: Mapping[str, Any]) -> Any:
    """Return the class (or factory function) of that name: from the table, or ``package.module:Name`` imported.

    >>> resolve("collections:OrderedDict", {}).__name__
    'OrderedDict'
    """
    if name in table:
        return table[name]
    if ":" not in name:
        raise UnknownTypeError(name)
    return _import(name)


def _import(name: str) -> Any:
    module, _, attribute = name.partition(":")
    try:
        found = getattr(import_module(module), attribute)
    except ModuleNotFoundError as error:
        raise OwnClassError(f"{error}; install it in this environment, or name its folder in PYTHONPATH") from error
    except Exception as error:  # whatever the user's own module does while it is imported
        raise OwnClassError(f"{type(error).__name__}: {error}") from error
    if not callable(found):
        raise OwnClassError(f"{attribute} is a {type(found).__name__}, not a class or a function")
    return found


def options_model(factory: Any) -> type[BaseModel]:
    """Return the options model beside a component's class; of an options model, itself."""
    if isinstance(factory, type) and issubclass(factory, BaseModel):
        return factory
    model = getattr(factory, "Options", OwnOptions)
    if not (isinstance(model, type) and issubclass(model, BaseModel) and "type" in model.model_fields):
        raise OwnClassError(
            "its Options is not a subclass of strategies.options.Options or connectors.options.Options"
        )
    return model


@dataclass(frozen=True, slots=True)
class Component:
    """Annotates a field of the configuration whose value is the options of a component out of ``table``.

    The tables come from the validation context (``{"tables": Tables(...)}``), else those of the packages are
    taken. Errors are located at the key that is wrong.
    """

    table: str
    default: str | None = None
    """The type that is meant where none is given."""
    own: bool = True
    """Whether a user's own class may be named."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(self._validate)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "object", "x-component": self.table}

    def _validate(self, value: Any, info: core_schema.ValidationInfo) -> BaseModel:
        if isinstance(value, BaseModel):
            return value
        if not isinstance(value, dict):
            raise PydanticCustomError("not_a_component", "a component is a mapping", {"table": self.table})
        name = value.get("type", self.default)
        tables = (info.context or {}).get("tables") or Tables.installed()
        model = self._model(name, getattr(tables, self.table))
        if name not in getattr(tables, self.table) and not model.model_fields["type"].is_required():
            # A user's own options may insist on a name of their own; here the way to the class is the name.
            rest = {key: entry for key, entry in value.items() if key != "type"}
            return model.model_validate(rest, context=info.context).model_copy(update={"type": name})
        return model.model_validate({**value, "type": name}, context=info.context)

    def _model(self, name: Any, table: Mapping[str, Any]) -> type[BaseModel]:
        if name is None:
            raise _at_type(PydanticCustomError("missing", "Field required"), name)
        if not isinstance(name, str):
            raise _at_type(PydanticCustomError("string_type", "Input should be a valid string"), name)
        try:
            return options_model(resolve(name, table) if self.own else table[name])
        except (UnknownTypeError, KeyError) as error:
            context = {"valid": sorted(table), "own": self.own}
            raise _at_type(PydanticCustomError("unknown_type", "unknown type", context), name) from error
        except OwnClassError as error:
            context = {"name": name, "reason": str(error)}
            raise _at_type(
                PydanticCustomError("own_class", "cannot use {name}: {reason}", context), name
            ) from error


def _at_type(error: PydanticCustomError, value: Any) -> ValidationError:
    return ValidationError.from_exception_data(
        "component", [InitErrorDetails(type=error, loc=("type",), input=value)]
    )
