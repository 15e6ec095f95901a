"""The distributions, built as for a release, and an environment that holds the wheel and what it requires."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Neither the work tree nor its environment may help what was installed.
FOREIGN = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")


class MissingError(Exception):
    """This machine lacks what it takes: uv, or the requirements while the network is away."""


@dataclass(frozen=True, slots=True)
class CleanEnvironment:
    """An environment beside the work tree, and a folder to work in that is elsewhere."""

    bin: Path
    folder: Path

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment, in the folder."""
        environ = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        program, *arguments = command
        return subprocess.run(
            [str(self.bin / program), *arguments],
            cwd=self.folder,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )


def build(folder: Path) -> tuple[Path, Path]:
    """Return the source distribution, and the wheel that was built from it and not from the work tree."""
    sdist = _built("--sdist", ROOT, folder=folder, pattern="*.tar.gz")
    return sdist, _built("--wheel", sdist, folder=folder, pattern="*.whl")


def install(wheel: Path, folder: Path) -> CleanEnvironment:
    """Return an environment with the wheel and the locked versions of what it requires.

    uv's cache is enough where it is warm; else the network is asked. Raises MissingError where neither helps.
    """
    environment, work = folder / "environment", folder / "elsewhere"
    work.mkdir()
    made = _uv("venv", "--python", sys.executable, str(environment))
    assert made.returncode == 0, made.stderr
    locked = ["--constraint", str(ROOT / "requirements.lock"), "--python", str(environment / "bin" / "python")]
    command = ["pip", "install", *locked, str(wheel)]
    done = _uv(*command, "--offline")
    if done.returncode:
        done = _uv(*command)
    if done.returncode:
        raise MissingError(f"the requirements are neither in uv's cache nor within reach:\n{done.stderr}")
    return CleanEnvironment(environment / "bin", work)


def _built(kind: str, source: Path, *, folder: Path, pattern: str) -> Path:
    # The builder is in this environment already, so that no network is needed.
    options = ["--offline", "--no-build-isolation", "--python", sys.executable, "--out-dir", str(folder)]
    done = _uv("build", kind, *options, str(source))
    assert done.returncode == 0, done.stderr
    (found,) = folder.glob(pattern)
    return found


def _uv(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([_found_uv(), *arguments], capture_output=True, text=True, check=False)


def _found_uv() -> str:
    """Return the uv that the Makefile takes: the machine's, or the one beside the environment."""
    for candidate in (shutil.which("uv"), str(ROOT / ".cache" / "uv" / "bin" / "uv")):
        if candidate and Path(candidate).exists() and _answers(candidate):
            return candidate
    raise MissingError("there is no uv: `make venv` brings one along where the machine has none")


def _answers(program: str) -> bool:
    # A shim may be on the path without the program behind it.
    return subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0
