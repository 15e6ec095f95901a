"""A YAML file as plain values that remember where they were written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from daemon.config.errors import SECRET_WORDS, ConfigError, KeyPath, Problem, TextPosition, dotted
from daemon.config.interpolation import InterpolationError, interpolate
from daemon.config.yaml_words import MERGE_REFUSED, is_merge, syntax_words, tag_words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAX_BYTES = 1 << 20
MAX_VALUES = 20_000
MAX_DEPTH = 32
_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_CORE = "tag:yaml.org,2002:"


class _Composer(yaml.SafeLoader):
    """Composes nodes, constructs nothing.

    Plain scalars mean what YAML 1.2's core schema says: ``1e-3`` is a number, ``no`` and ``12:30`` are text.
    """


_Composer.yaml_implicit_resolvers = {}  # YAML 1.1's; the core schema's are added below


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
):
    _Composer.add_implicit_resolver(_CORE + _tag, re.compile(rf"(?:{_pattern})\Z"), _first)


@dataclass(slots=True)
class Document:
    """One parsed file. ``value`` is made of dict, list, str, int, float, bool and None."""

    file: str
    lines: list[str]
    value: Any = None
    keys: dict[KeyPath, TextPosition] = field(default_factory=dict)
    values: dict[KeyPath, TextPosition] = field(default_factory=dict)
    written: dict[KeyPath, str] = field(default_factory=dict)
    """The text of scalars that hold variables, for messages: what a variable holds may be a secret."""
    problems: list[Problem] = field(default_factory=list)
    unreadable: set[KeyPath] = field(default_factory=set)
    """Where a problem has left None in the place of a value."""

    def position(self, path: KeyPath) -> TextPosition:
        """Return where the value was written; of what is absent, where its section is."""
        return self.values.get(path) or self.key_position(path)

    def key_position(self, path: KeyPath) -> TextPosition:
        """Return where the key was written; of what is absent, where its section is."""
        for end in range(len(path), 0, -1):
            if (position := self.keys.get(path[:end]) or self.values.get(path[:end])) is not None:
                return position
        return self.values.get((), TextPosition(1, 1))

    def line(self, at: TextPosition) -> str:
        """Return the line of the file in which a place is."""
        return self.lines[at.line - 1] if at.line <= len(self.lines) else ""

    def problem(self, path: KeyPath, message: str, *, at: TextPosition | None = None, **more: str) -> Problem:
        """Return a problem with the value at ``path``, or at a given position; no secret's line is shown."""
        position = at or self.position(path)
        line = "" if SECRET_WORDS.search(dotted(path)) else self.line(position)
        return Problem(self.file, position, path, message, source_line=line, **more)


def read_bytes(path: Path, *, remedy: str = "") -> bytes:
    """Return what a file holds; raise ``ConfigError`` with the ``remedy`` where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        reason = f"cannot be read: {error.strerror}{remedy and f'; {remedy}'}"
        raise ConfigError([Problem(str(path), None, (), reason)]) from error


def parse(data: bytes, *, file: str, environ: Mapping[str, str]) -> Document:
    """Parse YAML; variables are resolved afterwards, in scalar values only, so they never change the structure.

    Mistakes that do not end the parsing (duplicate keys, unset variables, unknown tags) are left in
    ``problems`` and the value is None there; others raise ``ConfigError``.
    """
    text = _decode(data, file=file)
    document = Document(file, _LINE_BREAK.split(text))
    node = _compose(text, document)
    if node is None:
        raise ConfigError([document.problem((), "the file is empty; `retaind init` writes one to start from")])
    document.value = _Reader(document, environ).read(node, ())
    return document


def _decode(data: bytes, *, file: str) -> str:
    if len(data) > MAX_BYTES:
        raise ConfigError([Problem(file, None, (), f"larger than {MAX_BYTES} bytes; is it the right file?")])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig", errors="replace")
        position = _position_of(before, len(before))
        raise ConfigError([Problem(file, position, (), "not UTF-8 text; save the file as UTF-8")]) from error


def _position_of(text: str, index: int) -> TextPosition:
    lines = _LINE_BREAK.split(text[:index])
    return TextPosition(len(lines), len(lines[-1]) + 1)


def _compose(text: str, document: Document) -> yaml.Node | None:
    try:
        return yaml.compose(text, _Composer)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = TextPosition(mark.line + 1, mark.column + 1) if mark else TextPosition(1, 1)
        raise _unread(document, syntax_words(error, document.line(at)), at=at) from error
    except yaml.reader.ReaderError as error:
        at = _position_of(text, error.position)
        message = f"the character U+{ord(text[error.position]):04X} is not allowed in YAML"
        raise _unread(document, message, at=at) from error
    except RecursionError as error:
        raise _unread(document, "nested too deeply") from error
    except (ValueError, OverflowError) as error:  # PyYAML lets chr() fail on an escape like "\UFFFFFFFF"
        raise _unread(document, f"not valid YAML: {error}") from error


def _unread(document: Document, message: str, *, at: TextPosition | None = None) -> ConfigError:
    """Return the error of a text that is no YAML: its place alone, since nobody knows what in it is a secret."""
    return ConfigError([Problem(document.file, at or TextPosition(1, 1), (), message)])


class _Reader:
    """Turns nodes into values, and notes positions and problems on the way."""

    def __init__(self, document: Document, environ: Mapping[str, str]) -> None:
        self._document = document
        self._environ = environ
        self._count = 0

    def read(self, node: yaml.Node, path: KeyPath) -> Any:
        at = TextPosition(node.start_mark.line + 1, node.start_mark.column + 1)
        self._document.values[path] = at
        self._count += 1
        if self._count > MAX_VALUES:
            message = f"more than {MAX_VALUES} values, aliases written out"
            raise ConfigError([self._document.problem((), message, at=at)])
        if len(path) > MAX_DEPTH:
            return self._unreadable(path, f"nested more than {MAX_DEPTH} deep, or an alias within itself")
        if isinstance(node, yaml.MappingNode) and node.tag == _CORE + "map":
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == _CORE + "seq":
            return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        return self._unreadable(path, tag_words(node))

    def _report(self, path: KeyPath, message: str, *, at: TextPosition | None = None) -> None:
        self._document.problems.append(self._document.problem(path, message, at=at))

    def _unreadable(self, path: KeyPath, message: str) -> None:
        """Note what cannot be read, without its line: what looks like a sign of YAML may begin a secret."""
        self._document.unreadable.add(path)
        at = self._document.position(path)
        self._document.problems.append(Problem(self._document.file, at, path, message))

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            at = TextPosition(key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            here = (*path, key_node.value)
            if not isinstance(key_node, yaml.ScalarNode):
                self._report(path, "a key must be a word, not a list or a mapping", at=at)
            elif is_merge(key_node):
                self._report(path, MERGE_REFUSED, at=at)
            elif key_node.value in result:
                first = self._document.keys[here].line
                self._report(here, f"duplicate key; it is already given in line {first}", at=at)
            else:
                self._document.keys[here] = at
                result[key_node.value] = self.read(value_node, here)
        return result

    def _scalar(self, node: yaml.ScalarNode, path: KeyPath) -> Any:
        try:
            value = _core_value(node)
        except ValueError:
            return self._unreadable(path, tag_words(node))
        if not isinstance(value, str) or "$" not in value:
            return value
        self._document.written[path] = value
        try:
            return interpolate(value, self._environ)
        except InterpolationError as error:
            return self._unreadable(path, str(error))


def _core_value(node: yaml.ScalarNode) -> Any:
    text = node.value
    match node.tag.removeprefix(_CORE):
        case "str":
            return text
        case "null":
            return None
        case "bool" if text.lower() in ("true", "false"):
            return text.lower() == "true"
        case "int":
            return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
        case "float":
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        case _:
            raise ValueError(node.tag)
