"""A configuration file and its newer self, on disk."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from daemon.config.document import parse, read_bytes
from daemon.config.errors import ConfigError
from daemon.config.migrations import migrate, newest, version_of, version_problem
from daemon.process.version import retaind_version
from daemon.state.durable import sync_directory, write_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from daemon.config.migrations import Migration


class Versioned:
    """A file that can be brought to the newest version; raises ``ConfigError`` where it cannot be read as YAML."""

    def __init__(self, file: Path, *, migrations: Sequence[Migration]) -> None:
        data = read_bytes(file)
        document = parse(data, file=str(file), environ={})  # variables that are not set are none of our business
        version = version_of(document.value)
        problem = version_problem(document, release=retaind_version(), migrations=migrations)
        if type(version) is not int or not 1 <= version <= newest(migrations):
            message = f"expected a whole number from 1 to {newest(migrations)}"
            raise ConfigError([problem or document.problem(("version",), message)])
        self.version = version
        self.text = data.decode("utf-8")
        self.migrated = migrate(self.text, version=version, migrations=migrations)


def replace(file: Path, text: str, *, version: int) -> Path:
    """Put another text in a file's place at once, with its rights; return where the old one is kept.

    Raises ``FileExistsError`` where something is kept there already.
    """
    file = file.resolve()
    kept = file.with_name(f"{file.name}.version-{version}")
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    os.link(file, kept)
    try:
        write_file(temporary, [text.encode()])
        shutil.copymode(file, temporary)
        with suppress(PermissionError):  # a user who may not give files away keeps what is his
            os.chown(temporary, file.stat().st_uid, file.stat().st_gid)
        temporary.replace(file)
        sync_directory(file.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        kept.unlink(missing_ok=True)
        raise
    return kept
