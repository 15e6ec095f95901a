"""Says what is wrong with the YAML of a file without repeating any of it: what is in it may be a secret."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import yaml

_CORE = "tag:yaml.org,2002:"
_CHARACTER = re.compile(r", but found '(?!<).{1,10}'$")
_SIGNS = {
    "alias": "an alias (*) that no anchor (&) names; put text that begins with * in quotes",
    "anchor": "an anchor (&) that is there already; put text that begins with & in quotes",
    "tag handle": "a tag (!) of nowhere; put text that begins with ! in quotes",
}
MERGE_REFUSED = (
    "merge keys (<<) are not read here: write the keys out, or let an alias (*name) stand for a whole section"
)


def syntax_words(error: yaml.MarkedYAMLError, line: str) -> str:
    """Return what is wrong, and what probably mends it; ``line`` is where it was found."""
    words = ", ".join(part for part in (error.context, error.problem) if part)
    said = next((text for sign, text in _SIGNS.items() if f"{sign} " in words), None)
    if said is not None:
        return f"not valid YAML: {said}"
    words = _CHARACTER.sub("", words)
    if "${" in line:
        return f'not valid YAML: {words}; inside braces or brackets, put "${{VAR}}" in quotes'
    if "\t" in line:
        return f"not valid YAML: {words}; indent with spaces, not tabs"
    return f"not valid YAML: {words}"


def tag_words(node: yaml.Node) -> str:
    """Return why a value with this tag is not read."""
    name = node.tag.removeprefix(_CORE)
    known = name if name in ("timestamp", "binary", "set", "omap", "pairs", "int", "float", "bool", "null") else ""
    tag = f"!!{known}" if known else "a tag (!)"
    return f"{tag} cannot be read here; only plain YAML values are, and text that begins with ! in quotes"


def is_merge(key: yaml.ScalarNode) -> bool:
    """Whether a key is YAML 1.1's sign for the keys of another mapping, and not text in quotes."""
    return key.value == "<<" and key.style is None
