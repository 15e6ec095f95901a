"""A machine whose disk fails and whose clock jumps while daemons run on it: see ``machine.c``."""

from __future__ import annotations

import errno
import shutil
import struct
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SOURCE = Path(__file__).with_name("machine.c")
LAYOUT = struct.Struct("<qi500s")
FULL, BROKEN = errno.ENOSPC, errno.EIO


class NoCompilerError(Exception):
    """There is no C compiler, so that no disk can be made to fail."""


class Machine:
    """What the daemons of one directory run on."""

    def __init__(self, directory: Path) -> None:
        self._page = directory / "machine"
        self._clock_seconds = 0
        self._tell(0, "")

    @property
    def environ(self) -> Mapping[str, str]:
        """What a daemon is started with, besides the library itself."""
        return {"RETAIND_MACHINE": str(self._page)}

    @contextmanager
    def failing(self, error: int, below: Path) -> Iterator[None]:
        """Within it, whatever lies below a path fails: FULL for what is written, BROKEN for all of it."""
        self._tell(error, str(below))
        try:
            yield
        finally:
            self._tell(0, "")

    def set_clock(self, seconds: int) -> None:
        """Let the clock be wrong by so many seconds."""
        self._clock_seconds = seconds
        self._tell(0, "")

    def _tell(self, error: int, prefix: str) -> None:
        if not self._page.exists():
            self._page.write_bytes(bytes(LAYOUT.size))
        with self._page.open("r+b") as page:
            page.write(LAYOUT.pack(self._clock_seconds, error, prefix.encode()))


def build(directory: Path) -> Path:
    """Compile the library. Raises NoCompilerError where nothing can."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise NoCompilerError("a disk that fails needs a C compiler: install one (Debian: gcc, libc6-dev)")
    library = directory / "machine.so"
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise NoCompilerError(f"the library that makes a disk fail was not compiled:\n{done.stdout}")
    return library
