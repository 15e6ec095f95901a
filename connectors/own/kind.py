"""Whether a class is the kind of thing that is asked for: a subclass of the contract, or one with its methods."""

from __future__ import annotations

import inspect
import sys
from importlib import import_module
from typing import Any, get_type_hints


class OwnClassError(ValueError):
    """A user's own class cannot be imported or used; the message is the reason."""


def import_own(name: str, contract: type | None = None) -> Any:
    """Return what ``package.module:Name`` names, imported; raise ``OwnClassError`` where it is not of the contract.

    It is a class, or a function that says that it returns one (``-> Source``).

    >>> import_own("os:system", int)
    Traceback (most recent call last):
    connectors.own.kind.OwnClassError: os is a module of Python itself; name a class in a module of your own
    """
    module, _, attribute = name.partition(":")
    require_own(module)
    try:
        found = getattr(import_module(module), attribute)
    except ModuleNotFoundError as error:
        raise OwnClassError(f"{error}; install it in this environment, or name its folder in PYTHONPATH") from error
    except Exception as error:  # whatever the user's own module does while it is imported
        raise OwnClassError(f"{type(error).__name__}: {error}") from error
    if not callable(found):
        raise OwnClassError(f"{attribute} is a {type(found).__name__}, not a class or a function")
    if contract is not None and (why := _unlike(found, contract)):
        raise OwnClassError(f"{attribute} {why}")
    return found


def require_own(module: str) -> None:
    """Raise ``OwnClassError`` for a module of Python itself, which has nothing that could be meant."""
    first = module.partition(".")[0]
    if first in sys.stdlib_module_names or first in sys.builtin_module_names:
        raise OwnClassError(f"{first} is a module of Python itself; name a class in a module of your own")


def methods(contract: type) -> list[str]:
    """Return the methods that a class of a contract has.

    >>> class Reads:
    ...     def read(self) -> bytes: ...
    >>> methods(Reads)
    ['read']
    """
    own = [each for each in contract.__mro__ if each.__module__ not in ("builtins", "typing", "abc")]
    names = {name: None for each in own for name, value in vars(each).items() if inspect.isfunction(value)}
    return [name for name in names if not name.startswith("_")]


def contract_name(contract: type) -> str:
    """Return a contract as people find it."""
    return f"{contract.__module__}.{contract.__qualname__}"


def asked_for(contract: type) -> str:
    """Return what is asked for, for messages."""
    return f"what is asked for is a class like {contract_name(contract)}"


def missing_words(names: set[str], contract: type) -> str:
    """Return why a class that is no subclass is none of a contract, by the names that it has; empty where it is."""
    if not _is_structural(contract):
        return f"is no subclass of {contract_name(contract)}"
    missing = [name for name in methods(contract) if name not in names]
    return f"has no {', '.join(missing)}; {asked_for(contract)}" if missing else ""


def _unlike(found: Any, contract: type) -> str:
    if not isinstance(found, type):
        return _returns_another(found, contract)
    if contract in found.__mro__:
        return ""
    return missing_words({name for name in dir(found) if callable(getattr(found, name, None))}, contract)


def _is_structural(contract: type) -> bool:
    """Whether the methods alone make a class one of the contract: a protocol, or a base of ours; not of others."""
    return getattr(contract, "_is_protocol", False) or contract.__module__.partition(".")[0] in (
        "connectors",
        "daemon",
        "strategies",
    )


def _returns_another(found: Any, contract: type) -> str:
    said = getattr(found, "__annotations__", {}).get("return")
    try:
        returned = get_type_hints(found).get("return")
    except Exception:  # noqa: BLE001 - names that only a type checker imports
        named = str(said).rpartition(".")[2]
        return "" if named == contract.__name__ else f"returns {said}; {asked_for(contract)}"
    if isinstance(returned, type):
        return _unlike(returned, contract)
    return f"does not say what it returns (-> {contract.__name__}); {asked_for(contract)}"
