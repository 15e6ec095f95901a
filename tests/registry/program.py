"""Where the registry's program comes from: Maven copies it, once, into the ignored cache."""

from __future__ import annotations

import tarfile
from pathlib import Path

from tests.kafka.jars import KafkaUnavailableError, java
from tests.maven import MavenFailedError, NoMavenError, fetched

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
    try:
        folder = fetched(POM, CACHE, goal="copy", unpack=_unpack)
    except NoMavenError as missing:
        raise RegistryUnavailableError(
            f"the schema registry comes through Maven, which is not on PATH: {REMEDY}"
        ) from missing
    except MavenFailedError as failed:
        raise RegistryUnavailableError(f"Maven could not fetch the registry ({REMEDY}):\n{failed}") from failed
    [program] = folder.glob("*-runner.jar")
    return [path, "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-jar", str(program)]


def _unpack(folder: Path) -> None:
    [archive] = folder.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    archive.unlink()
