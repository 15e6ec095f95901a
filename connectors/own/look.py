"""Looks at the source text of a user's own class, and imports nothing: what is in it is not executed."""

from __future__ import annotations

import ast
import sys
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from connectors.own.kind import OwnClassError, asked_for, contract_name, missing_words, require_own

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.machinery import ModuleSpec

_DEEPEST = 12
"""Imports and base classes that are followed."""
_ADD_NOTHING = {"builtins:object", "typing:Protocol", "typing:Generic", "abc:ABC"}


class _UnknownError(Exception):
    """The text alone does not say it."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A definition, and the module that it stands in."""

    module: str
    node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def look_at_own(name: str, contract: type | None) -> None:
    """Raise ``OwnClassError`` where ``package.module:Name`` cannot be what is asked for.

    It says nothing where the text does not tell, as of a compiled module or a class that is made by a function:
    that shows when it is imported.
    """
    module, _, attribute = name.partition(":")
    require_own(module)
    try:
        tree = _tree(module)
        found = _definition(tree, module, attribute, depth=0)
        why = "" if contract is None else _unlike(found, contract)
    except _UnknownError:
        return
    if why:
        raise OwnClassError(f"{attribute} {why}")


def _unlike(found: _Found, contract: type) -> str:
    if isinstance(found.node, ast.ClassDef):
        return _class_unlike(found, contract, depth=0)
    returns = found.node.returns
    if returns is None:
        return f"does not say what it returns (-> {contract.__name__}); {asked_for(contract)}"
    text = returns.value if isinstance(returns, ast.Constant) else ast.unparse(returns)
    if str(text).rpartition(".")[2] == contract.__name__:
        return ""
    raise _UnknownError


def _class_unlike(found: _Found, contract: type, *, depth: int) -> str:
    names: set[str] = set()
    is_one = False
    for each in _line(found, contract, depth=depth):
        is_one = is_one or f"{each.module}.{each.node.name}" == contract_name(contract)
        names |= set(_bound(each.node.body))
    if is_one:
        return ""
    if found.node.decorator_list:  # which may add methods
        raise _UnknownError
    return missing_words(names, contract)


def _line(found: _Found, contract: type, *, depth: int) -> Iterator[_Found]:
    """Yield a class and those that it is made of."""
    yield found
    node = found.node
    if f"{found.module}.{node.name}" == contract_name(contract) or not isinstance(node, ast.ClassDef):
        return
    if depth > _DEEPEST or node.keywords:  # a metaclass may add whatever it likes
        raise _UnknownError
    for base in node.bases:
        expression = base.value if isinstance(base, ast.Subscript) else base
        above = _resolved(found.module, ast.unparse(expression), depth=depth + 1)
        if above is not None:
            yield from _line(above, contract, depth=depth + 1)


def _resolved(module: str, dotted: str, *, depth: int) -> _Found | None:
    """Return the definition of a name, with dots or none, as a module means it; None for what adds no methods."""
    tree = _tree(module)
    head, *rest = dotted.split(".")
    here = _imports(tree, module).get(head)
    if here is None and head == "object" and not rest:
        return None
    if here is None:
        return _definition(tree, module, head, depth=depth) if not rest else _unknown()
    place = ".".join((here.replace(":", "."), *rest))
    where, _, last = place.rpartition(".")
    if (
        f"{where}:{last}" in _ADD_NOTHING
        or f"{where}:{last}".replace("typing_extensions", "typing") in _ADD_NOTHING
    ):
        return None
    return _definition(_tree(where), where, last, depth=depth)


def _unknown() -> _Found:
    raise _UnknownError


def _definition(tree: ast.Module, module: str, name: str, *, depth: int) -> _Found:
    if depth > _DEEPEST:
        raise _UnknownError
    bound = _bound(tree.body)
    node = bound.get(name)
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return _Found(module, node)
    if (elsewhere := _imports(tree, module).get(name)) is not None:
        where, _, last = elsewhere.rpartition(":")
        require_own(where or last)
        return _definition(_tree(where), where, last, depth=depth + 1) if where else _unknown()
    if name in bound or "__getattr__" in bound:
        raise _UnknownError
    return _from_all_of(tree, module, name, depth=depth)


def _from_all_of(tree: ast.Module, module: str, name: str, *, depth: int) -> _Found:
    """Return the definition of a name that ``from another import *`` may have brought."""
    sources = [_absolute(each.source, module) for each in _import_lines(tree) if "*" in each.names]
    for source in sources:
        with suppress(OwnClassError, _UnknownError):
            return _definition(_tree(source), source, name, depth=depth + 1)
    if sources:
        raise _UnknownError
    raise OwnClassError(f"module {module!r} has no attribute {name!r}")


@dataclass(frozen=True, slots=True)
class _ImportLine:
    source: str
    names: dict[str, str]
    """What it is called there, by what it is called here."""


def _import_lines(tree: ast.Module) -> list[_ImportLine]:
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            source = "." * node.level + (node.module or "")
            lines.append(_ImportLine(source, {each.asname or each.name: each.name for each in node.names}))
        elif isinstance(node, ast.Import):
            for each in node.names:
                name = each.asname or each.name.partition(".")[0]
                lines.append(_ImportLine("", {name: each.name if each.asname else name}))
    return lines


def _imports(tree: ast.Module, module: str) -> dict[str, str]:
    """Return what is imported, as ``module:name`` or as a module, by the name that it has here."""
    found = {}
    for line in _import_lines(tree):
        source = _absolute(line.source, module)
        for here, there in line.names.items():
            found[here] = f"{source}:{there}" if source else there
    return found


def _absolute(source: str, module: str) -> str:
    level = len(source) - len(source.lstrip("."))
    if not level:
        return source
    spec = _spec(module)
    package = module.split(".") if spec and spec.submodule_search_locations is not None else module.split(".")[:-1]
    return ".".join([*package[: len(package) - level + 1], *filter(None, [source.lstrip(".")])])


def _bound(body: Sequence[ast.stmt]) -> dict[str, ast.AST]:
    """Return what statements bind, those within if and try among them."""
    bound: dict[str, ast.AST] = {}
    for statement in body:
        if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            bound[statement.name] = statement
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            bound |= {node.id: statement for each in targets for node in _names(each)}
        elif isinstance(statement, ast.If | ast.Try | ast.With):
            for part in ("body", "orelse", "finalbody"):
                bound |= _bound(getattr(statement, part, []))
    return bound


def _names(target: ast.expr) -> list[ast.Name]:
    parts = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
    return [part for part in parts if isinstance(part, ast.Name)]


def _tree(module: str) -> ast.Module:
    spec = _spec(module)
    if spec is None:
        raise OwnClassError(
            f"No module named {module!r}; install it in this environment, or name its folder in PYTHONPATH"
        )
    if spec.origin is None or not spec.origin.endswith(".py"):
        raise _UnknownError
    try:
        return ast.parse(Path(spec.origin).read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise OwnClassError(f"{spec.origin} cannot be read: {error}") from error
    except SyntaxError as error:
        raise OwnClassError(f"SyntaxError: {error.msg} ({spec.origin}, line {error.lineno})") from error


def _spec(module: str) -> ModuleSpec | None:
    """Return where a module is, without importing the packages that it is in, as ``find_spec`` would."""
    if not all(module.split(".")):
        raise OwnClassError(f"{module!r} is not the name of a module; write package.module:Class")
    path: Sequence[str] | None = None
    spec = None
    for name in accumulate(module.split("."), "{}.{}".format):
        found = (each.find_spec(name, path) for each in sys.meta_path if hasattr(each, "find_spec"))
        spec = next((each for each in found if each is not None), None)
        if spec is None:
            return None
        path = spec.submodule_search_locations or ()
    return spec
