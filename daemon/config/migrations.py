"""From an older version of the configuration file to the one that is read now.

A file without ``version`` is of version 1, for ever: what it means does not change by an upgrade.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from daemon.config.edits import YamlText

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from daemon.config.document import Document
    from daemon.config.edits import Edit
    from daemon.config.errors import Problem

FIRST = 1


@dataclass(frozen=True, slots=True)
class Migration:
    """One step, to the next version."""

    what: str
    """What has changed between the two, in a few words for the file's owner."""
    edits: Callable[[YamlText], Iterator[Edit]]


# A change that makes a valid file invalid, or mean something else, is one line here: the first leads from version 1
# to version 2. Config.version then takes the next number. There has been none since the first release.
MIGRATIONS: tuple[Migration, ...] = ()


def newest(migrations: Sequence[Migration]) -> int:
    """Return the version that is read now."""
    return FIRST + len(migrations)


def version_of(value: Any) -> Any:
    """Return the version that a file's values name."""
    return value.get("version", FIRST) if isinstance(value, dict) else FIRST


def version_problem(document: Document, *, release: str, migrations: Sequence[Migration]) -> Problem | None:
    """Return why a file cannot be read as it is, None where its version is the one that is read."""
    version, readable = version_of(document.value), newest(migrations)
    if version is True:  # which to Python is 1
        return document.problem(("version",), f"expected {readable}, got true", expected=str(readable))
    if type(version) is not int or version < FIRST or version == readable:
        return None
    if version > readable:
        message = (
            f"the file is of version {version}, and retaind {release} reads up to version {readable}; "
            "upgrade retaind (pip install --upgrade retaind)"
        )
    else:
        given = "" if "version" in document.value else "gives no version, and so "
        remedy = f"run: retaind migrate {document.file}"
        message = f"the file {given}is of version {version}, and version {readable} is read now; {remedy}"
    return document.problem(("version",), message, expected=str(readable))


def migrate(text: str, *, version: int, migrations: Sequence[Migration]) -> str:
    """Return the text of a file of that version as one of the newest; all that need not change stays as it is."""
    for number, migration in enumerate(due(version, migrations), start=version + 1):
        document = YamlText(text)
        text = document.edited(migration.edits(document))
        document = YamlText(text)
        text = document.edited([document.set_first("version", str(number))])
    return text


def due(version: int, migrations: Sequence[Migration]) -> Sequence[Migration]:
    """Return the steps that a file of that version has before it."""
    return migrations[version - FIRST :]
