"""Where the broker's program comes from: Maven copies its jars, once, into the ignored cache."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from tests.maven import MavenFailedError, NoMavenError, fetched

POM = Path(__file__).with_name("pom.xml")
CACHE = POM.parents[2] / ".cache" / "kafka"
REMEDY = (
    "install Java 17 and Maven (Debian: openjdk-17-jre-headless, maven), "
    "or set KAFKA_BOOTSTRAP to the address of a running broker"
)


class KafkaUnavailableError(Exception):
    """No broker can be started on this machine; the message says what to install."""


def classpath() -> str:
    """The jars of the broker as Java's class path, fetched first where the cache lacks them.

    Raises KafkaUnavailableError without Java 17 and Maven, or where Maven cannot fetch them.
    """
    java()
    try:
        jars = fetched(POM, CACHE, goal="copy-dependencies")
    except NoMavenError as missing:
        raise KafkaUnavailableError(
            f"Kafka's jars come through Maven, and mvn is not on PATH: {REMEDY}"
        ) from missing
    except MavenFailedError as failed:
        raise KafkaUnavailableError(f"Maven could not fetch Kafka's jars ({REMEDY}):\n{failed}") from failed
    return f"{jars}/*"


def java() -> str:
    """Path of a Java that can run the broker. Raises KafkaUnavailableError where there is none."""
    path = shutil.which("java")
    if path is None:
        raise KafkaUnavailableError(f"Kafka needs Java, and there is none on PATH: {REMEDY}")
    said = subprocess.run([path, "-version"], capture_output=True, text=True, check=False)
    version = re.search(r'version "(\d+)', said.stderr)
    if version is None or int(version[1]) < 17:
        raise KafkaUnavailableError(f"Kafka needs Java 17 or later, and {path} is older: {REMEDY}")
    return path
