"""A real Apache Kafka on this machine: one node, KRaft, loopback, in a directory of its own."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import weakref
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from connectors.kafka.client import TidyClient
from tests.kafka.cluster import Cluster
from tests.kafka.jars import classpath, java

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

DEADLINE_SECONDS = 60.0
JAVA_OPTIONS = [
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
]
TIED = [sys.executable, "-IS", str(Path(__file__).with_name("die_with_parent.py"))]
SINGLE_NODE = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "auto.create.topics.enable": "false",
    # After a kill the controller lets the broker back in only when its old session has ended.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "250",
}


class Broker(Cluster):
    """A broker to start, stop, kill and start again; its data and its address last until `close`.

    `overrides` are lines of Kafka's server.properties; without `port` a free one is taken. `format_options` are of
    Kafka's storage tool, for what must be there before the first start. The broker dies with the thread that
    started it, even when that is killed. Raises KafkaUnavailableError where Java or the jars are missing.
    """

    def __init__(
        self,
        overrides: Mapping[str, str] | None = None,
        *,
        port: int | None = None,
        format_options: Sequence[str] = (),
    ) -> None:
        self._java = [java(), *JAVA_OPTIONS, "-cp", classpath()]
        port = port or free_port()
        super().__init__(f"127.0.0.1:{port}")
        self.directory = Path(tempfile.mkdtemp(prefix="retaind-kafka-"))
        self._removal = weakref.finalize(self, shutil.rmtree, self.directory, ignore_errors=True)
        self._format_options = list(format_options)
        self._properties = self.directory / "server.properties"
        self._log = self.directory / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        settings = SINGLE_NODE | addresses(port, free_port()) | {"log.dirs": str(self.directory / "data")}
        lines = (f"{name}={value}\n" for name, value in (settings | dict(overrides or {})).items())
        self._properties.write_text("".join(lines))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start and wait until it answers. Raises RuntimeError with the end of its log if it does not."""
        assert self._process is None, "already started"
        if _listens(self.bootstrap):
            raise RuntimeError(f"{self.bootstrap} is in use: stop what listens there")
        if not (self.directory / "data").exists():
            self._format()
        with self._log.open("ab") as log:
            command = [*TIED, str(os.getpid()), *self._java, "kafka.Kafka", str(self._properties)]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self._wait_until_answering()
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Stop as an operator does, with SIGTERM, and wait; its data stays."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill with SIGKILL and wait; its data stays as it was at that moment."""
        self._end(signal.SIGKILL)

    def flip_a_bit(self, topic: str) -> None:
        """Stop, change a bit in the middle of partition 0's log on the disk, and start again."""
        self.stop()
        log = self.directory / "data" / f"{topic}-0" / "00000000000000000000.log"
        content = bytearray(log.read_bytes())
        content[len(content) // 2] ^= 1
        log.write_bytes(content)
        self.start()

    def restart(self) -> None:
        """Start again at the same address with the same data, after a stop if it still runs."""
        self.stop()
        self.start()

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """Within it, connections are taken and nothing is answered."""
        assert self._process is not None, "not started"
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """Stop and remove all it has stored."""
        self.stop()
        self._removal()

    def answers(self) -> bool:
        """Whether it serves requests now."""
        if not _listens(self.bootstrap):
            return False
        try:
            with KafkaAdminClient(
                bootstrap_servers=self.bootstrap, bootstrap_timeout_ms=2000, kafka_client=TidyClient
            ) as admin:
                return bool(admin.describe_cluster()["brokers"])
        except KafkaError:
            return False

    def wait(self) -> int:
        """Wait until the process ends by itself and return its exit code."""
        assert self._process is not None, "not started"
        return self._process.wait()

    def _format(self) -> None:
        command = [*self._java, "kafka.tools.StorageTool", "format", "--config", str(self._properties)]
        command += ["--cluster-id", "cmV0YWluZC10ZXN0LWtmaw", *self._format_options]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"Kafka could not format its storage:\n{done.stdout}")

    def _wait_until_answering(self) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not self.answers():
            assert self._process is not None
            if self._process.poll() is not None:
                raise RuntimeError(
                    f"Kafka ended at its start, with {self._process.returncode}:\n{self._log_tail()}"
                )
            if time.monotonic() > deadline:
                raise RuntimeError(f"Kafka did not answer within {DEADLINE_SECONDS:.0f} s:\n{self._log_tail()}")
            time.sleep(0.05)

    def _log_tail(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-30:])

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def addresses(port: int, controller_port: int) -> dict[str, str]:
    """The lines of server.properties that say where a broker listens on loopback."""
    return {
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
    }


def _listens(address: str) -> bool:
    host, port = address.split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def free_port() -> int:
    """A port below Linux's ephemeral range: no outgoing connection takes it while the broker is down."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        if not _listens(f"127.0.0.1:{port}"):
            return port
