"""Changes of a YAML file at the places where keys and values stand, so that all else keeps its bytes.

A round trip through a parser would lose the alignment of comments, or line ends, or quotes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daemon.config.errors import KeyPath


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Puts a text in the place of the characters from ``start`` up to, not including, ``end``."""

    start: int
    end: int
    text: str


class YamlText:
    """A valid YAML document, with the places of its entries."""

    def __init__(self, text: str) -> None:
        self._text = text
        root = yaml.compose(text, yaml.SafeLoader)
        assert root is not None, "an empty file has no entries"
        self._root = root

    def __contains__(self, path: KeyPath) -> bool:
        return self._entry(path) is not None

    def rename(self, path: KeyPath, key: str) -> Edit:
        """Give the key at a path, which must be there, another name."""
        name, _ = self._known(path)
        return Edit(name.start_mark.index, name.end_mark.index, key)

    def set(self, path: KeyPath, value: str) -> Edit:
        """Write another value at a path, which must be there, as YAML text."""
        _, node = self._known(path)
        return Edit(node.start_mark.index, self._end(node), value)

    def remove(self, path: KeyPath) -> Edit:
        """Remove the entry at a path, which must be there: with its whole lines, or within braces with a comma."""
        name, node = self._known(path)
        start, end = name.start_mark.index, self._end(node)
        if self._in_braces(path):
            return self._without_comma(start, end)
        line_start = self._text.rfind("\n", 0, start) + 1
        line_end = self._text.find("\n", end)
        return Edit(line_start, len(self._text) if line_end < 0 else line_end + 1, "")

    def set_first(self, key: str, value: str) -> Edit:
        """Write a value of the whole file; where it has none yet, on a line of its own before the first entry."""
        if (key,) in self:
            return self.set((key,), value)
        assert isinstance(self._root, yaml.MappingNode)
        start = self._root.start_mark.index
        if self._root.flow_style:
            return Edit(start + 1, start + 1, f"{key}: {value}, ")
        line_end = "\r\n" if "\r\n" in self._text else "\n"
        return Edit(start, start, f"{key}: {value}{line_end}")

    def edited(self, edits: Iterable[Edit]) -> str:
        """Return the text with all edits made, which must not overlap."""
        text, begin = self._text, len(self._text)
        for edit in sorted(edits, reverse=True):
            assert edit.start <= edit.end <= begin, "edits overlap"
            text, begin = text[: edit.start] + edit.text + text[edit.end :], edit.start
        return text

    def _known(self, path: KeyPath) -> tuple[yaml.Node, yaml.Node]:
        entry = self._entry(path)
        assert entry is not None, path
        return entry

    def _entry(self, path: KeyPath) -> tuple[yaml.Node, yaml.Node] | None:
        node: yaml.Node = self._root
        name = node
        for part in path:
            if isinstance(part, int):
                items = node.value if isinstance(node, yaml.SequenceNode) else []
                if part >= len(items):
                    return None
                name = node = items[part]
                continue
            pairs = node.value if isinstance(node, yaml.MappingNode) else []
            found = next((pair for pair in pairs if pair[0].value == part), None)
            if found is None:
                return None
            name, node = found
        return name, node

    def _in_braces(self, path: KeyPath) -> bool:
        above = self._entry(path[:-1])
        return above is not None and bool(getattr(above[1], "flow_style", False))

    def _end(self, node: yaml.Node) -> int:
        """Return where a value ends: of a block, where its last value does, and not where the next entry begins."""
        if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
            last = node.value[-1]
            return self._end(last[1] if isinstance(last, tuple) else last)
        return max(node.start_mark.index, len(self._text[: node.end_mark.index].rstrip()))

    def _without_comma(self, start: int, end: int) -> Edit:
        after = len(self._text) - len(self._text[end:].lstrip(" "))
        if self._text[after : after + 1] == ",":
            rest = self._text[after + 1 :]
            return Edit(start, len(self._text) - len(rest.lstrip(" ")), "")
        before = self._text[:start].rstrip(" ")
        return Edit(len(before) - before.endswith(","), end, "")
