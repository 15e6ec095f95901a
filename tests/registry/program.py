"""Where the registry's program comes from: Maven copies it, once, into the ignored cache."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import tarfile
from pathlib import Path

from tests.kafka.jars import KafkaUnavailableError, java

POM = Path(__file__).with_name("pom.xml")
CACHE = POM.parents[2] / ".cache" / "registry"
REMEDY = "install Java 17 and Maven (Debian: openjdk-17-jre-headless, maven)"


class RegistryUnavailableError(Exception):
    """No registry can be started on this machine; the message says what to install."""


def command() -> list[str]:
    """How the registry is started, fetched first where the cache lacks it. Raises RegistryUnavailableError."""
    try:
        path = java()
    except KafkaUnavailableError as missing:
        raise RegistryUnavailableError(f"no Java for the schema registry: {REMEDY}") from missing
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = CACHE / hashlib.sha256(POM.read_bytes()).hexdigest()[:16]
        if not folder.is_dir():
            _fetch(folder)
    [program] = folder.glob("*-runner.jar")
    return [path, "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-jar", str(program)]


def _fetch(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise RegistryUnavailableError(f"the schema registry comes through Maven, which is not on PATH: {REMEDY}")
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    arguments = ["-q", "-B", "-f", str(POM), "dependency:copy", f"-DoutputDirectory={partial}"]
    done = subprocess.run(
        [maven, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        raise RegistryUnavailableError(f"Maven could not fetch the registry ({REMEDY}):\n{done.stdout[-2000:]}")
    [archive] = partial.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(partial, filter="data")
    archive.unlink()
    partial.rename(folder)
