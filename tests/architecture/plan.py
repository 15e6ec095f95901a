"""What the files of a package say without being run: rooms, lines, and who imports whom."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from importlib.util import resolve_name
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.architecture.rooms import Rooming


@dataclass(frozen=True, slots=True)
class Plan:
    """A package; files are paths from the checkout, such as ``daemon/loop/loop.py``."""

    lines: Mapping[str, int]
    """Of every file that has any."""
    imports: frozenset[tuple[str, str]]
    """Pairs of files of which the first imports the second, if only for its types."""

    @classmethod
    def of(cls, package: Path) -> Plan:
        """Read a package from its folder."""
        sources = {
            path.relative_to(package.parent).as_posix(): path.read_text(encoding="utf-8")
            for path in sorted(package.rglob("*.py"))
        }
        modules = {_module(place): place for place in sources}
        imports = {
            (place, modules[name])
            for place, source in sources.items()
            for name in _imported(source, place, known=modules)
        }
        lines = {place: source.count("\n") for place, source in sources.items() if source}
        return cls(lines, frozenset(imports))

    @property
    def loose(self) -> list[str]:
        """The modules at the package's top."""
        return [place for place in self.lines if place.count("/") == 1 and not place.endswith("/__init__.py")]

    def rooms(self, *, by: Rooming) -> set[str]:
        """Return the rooms; the package's ``__init__.py`` makes none."""
        return {by(place) for place in self.lines if place.count("/") > 1} | {by(place) for place in self.loose}

    def crossings(self, *, by: Rooming) -> list[tuple[str, str]]:
        """Return the rooms of importer and imported of each import that leaves its room."""
        pairs = [(by(importer), by(imported)) for importer, imported in self.imports]
        return [(importer, imported) for importer, imported in pairs if importer != imported]


def _module(place: str) -> str:
    return place.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _imported(source: str, place: str, *, known: Mapping[str, str]) -> Iterator[str]:
    """Yield the modules of the package that a file imports."""
    package = str(Path(place).parent).replace("/", ".")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            module = resolve_name("." * node.level + (node.module or ""), package)
            for alias in node.names:
                name = f"{module}.{alias.name}"
                yield from [found for found in (name, module) if found in known][:1]
