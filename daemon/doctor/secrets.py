"""Whether this process can read its secrets, and nobody else can."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daemon.config.errors import dotted
from daemon.doctor.finding import ok, problem, warning
from daemon.process.redaction import is_secret_key
from daemon.web.web_config import web_config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.config.errors import KeyPath
    from daemon.config.schema import Config
    from daemon.doctor.finding import Finding
    from daemon.doctor.setup import Setup

_KEYS = ("ssl_keyfile", "key_file")


def check_secrets(config: Config, _: Setup) -> Iterator[Finding]:
    """Look at the rights of every file that holds a secret, never at what is in it."""
    files = dict(_secret_files(config))
    faults = [fault for name, path in files.items() if (fault := _fault(name, path))]
    yield from faults
    yield from _inline(config)
    if not faults and files:
        yield ok(f"{', '.join(files)}: readable, and not by everybody")
    if not files:
        yield ok("none in files")


def _secret_files(config: Config) -> Iterator[tuple[str, Path]]:
    written = {} if config.document is None else config.document.value
    for path, value in _walk(written, ()):
        key = str(path[-1])
        if isinstance(value, str) and (
            key in _KEYS or (key.endswith("_file") and is_secret_key(key.removesuffix("_file")))
        ):
            yield dotted(path), Path(value)
    tls = web_config(config).tls_server_config
    if tls is not None:
        yield "tls_server_config.key_file", tls.key_file


def _fault(name: str, path: Path) -> Finding | None:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return problem(f"{name}: {path}: {error.strerror}", "write the secret there, or correct the path")
    if not os.access(path, os.R_OK):
        return problem(f"{name}: {path} cannot be read by this user", "give it to the user that retaind runs as")
    if mode & stat.S_IROTH:
        return warning(f"{name}: {path} can be read by everybody on this machine", f"run: chmod o-rwx {path}")
    return None


def _inline(config: Config) -> Iterator[Finding]:
    """Yield a warning for secrets that stand in a file that everybody may read."""
    document = config.document
    if document is None:
        return
    names = [
        dotted(path)
        for path, value in _walk(document.value, ())
        if isinstance(value, str) and is_secret_key(str(path[-1])) and path not in document.written
    ]
    if names and Path(document.file).stat().st_mode & stat.S_IROTH:
        yield warning(
            f"{document.file} holds {', '.join(names)}, and everybody on this machine can read it",
            f"put the secret into a file and name it in {names[0]}_file, or run: chmod o-rwx {document.file}",
        )


def _walk(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    """Yield every value below, with its place."""
    entries: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        yield (*path, key), entry
        yield from _walk(entry, (*path, key))
