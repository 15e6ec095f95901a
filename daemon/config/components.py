"""Finds the class that a section's ``type`` names, and validates the section with that class's options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from connectors.options import Options as ConnectorOptions
from connectors.own.kind import OwnClassError, import_own
from connectors.own.look import look_at_own
from daemon.config.contracts import contract_of
from daemon.config.tables import Tables
from strategies.offered import Offered
from strategies.options import Options as StrategyOptions

if TYPE_CHECKING:
    from collections.abc import Mapping


class OwnOptions(ConnectorOptions, StrategyOptions):
    """Options of a user's own class or factory that declares none: everything is passed on as it is written."""

    model_config = ConfigDict(extra="allow")


class UnknownTypeError(ValueError):
    """No component has this name."""


def resolve(name: str, table: Mapping[str, Any], contract: type | None = None) -> Any:
    """Return the class (or factory function) of that name: the table's, or ``package.module:Name`` imported.

    Raises ``OwnClassError`` where that is none of the ``contract``.

    >>> resolve("mlp", {"mlp": dict})
    <class 'dict'>
    """
    if name in table:
        entry = table[name]
        return entry.load() if isinstance(entry, Offered) else entry
    if ":" not in name:
        raise UnknownTypeError(name)
    return import_own(name, contract)


def chosen_options(name: str, table: str, tables: Tables) -> type[BaseModel]:
    """Return the options of the component of that name; of a user's own, where nothing is imported, any.

    Raises ``UnknownTypeError`` and ``OwnClassError``.
    """
    known = getattr(tables, table)
    if name in known:
        return options_model(known[name])
    contract = contract_of(table) if ":" in name else None
    if contract is None:
        raise UnknownTypeError(name)
    if tables.imports_own:
        return options_model(import_own(name, contract))
    look_at_own(name, contract)
    return OwnOptions


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
        model = self._model(name, tables)
        if name not in getattr(tables, self.table) and not model.model_fields["type"].is_required():
            # A user's own options may insist on a name of their own; here the way to the class is the name.
            rest = {key: entry for key, entry in value.items() if key != "type"}
            return model.model_validate(rest, context=info.context).model_copy(update={"type": name})
        return model.model_validate({**value, "type": name}, context=info.context)

    def _model(self, name: Any, tables: Tables) -> type[BaseModel]:
        table = getattr(tables, self.table)
        if name is None:
            raise _at_type(PydanticCustomError("missing", "Field required"), name)
        if not isinstance(name, str):
            raise _at_type(PydanticCustomError("string_type", "Input should be a valid string"), name)
        try:
            return chosen_options(name, self.table, tables) if self.own else options_model(table[name])
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
