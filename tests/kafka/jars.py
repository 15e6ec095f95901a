"""Where the broker's program comes from: Maven copies its jars, once, into the ignored cache."""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
import subprocess
from pathlib import Path

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
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        jars = CACHE / hashlib.sha256(POM.read_bytes()).hexdigest()[:16]
        if not jars.is_dir():
            _fetch(jars)
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


def _fetch(jars: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise KafkaUnavailableError(f"Kafka's jars come through Maven, and mvn is not on PATH: {REMEDY}")
    partial = jars.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    command = [
        maven,
        "-q",
        "-B",
        "-f",
        str(POM),
        "dependency:copy-dependencies",
        f"-DoutputDirectory={partial}",
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise KafkaUnavailableError(f"Maven could not fetch Kafka's jars ({REMEDY}):\n{done.stdout[-2000:]}")
    partial.rename(jars)
