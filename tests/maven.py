"""What Maven copies for the tests, once, into the ignored cache."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class NoMavenError(Exception):
    """Maven is not on PATH."""


class MavenFailedError(Exception):
    """Maven could not fetch what it was asked for; the message is the end of what it said."""


def fetched(pom: Path, cache: Path, *, goal: str, unpack: Callable[[Path], None] | None = None) -> Path:
    """Return the folder of what ``goal`` of the plugin dependency copies for ``pom``, fetched where it is missing.

    Several processes may ask at a time. What is fetched is ``unpack``ed before anybody sees it.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = cache / hashlib.sha256(pom.read_bytes()).hexdigest()[:16]
        if not folder.is_dir():
            partial = folder.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            _fetch(pom, partial, goal=goal)
            if unpack is not None:
                unpack(partial)
            partial.rename(folder)
    return folder


def _fetch(pom: Path, folder: Path, *, goal: str) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise NoMavenError
    command = [maven, "-q", "-B", "-f", str(pom), f"dependency:{goal}", f"-DoutputDirectory={folder}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise MavenFailedError(done.stdout[-2000:])
