"""A connection to a broker leaves nothing behind."""

from __future__ import annotations

import gc
import socket
import time
from typing import TYPE_CHECKING

from kafka.errors import KafkaError

from connectors.kafka.connection import KafkaConnection

if TYPE_CHECKING:
    from tests.kafka.broker import Broker

DEADLINE_SECONDS = 30.0
MORE_THAN_SOCKETS_HOLD = 40_000
"""Names of topics, 240 bytes each."""


def open_sockets(port: int) -> list[socket.socket]:
    """This process's connections to a port."""
    found = (item for item in gc.get_objects() if issubclass(type(item), socket.socket) and item.fileno() != -1)
    return [item for item in found if item.family == socket.AF_INET and peer_port(item) == port]


def peer_port(connected: socket.socket) -> int | None:
    try:
        return int(connected.getpeername()[1])
    except OSError:
        return None


def wait_until_described(connection: KafkaConnection) -> None:
    """Ask until there is an answer: a broker that has just started may end its first connections."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        try:
            assert connection.wait(connection.describe([]), DEADLINE_SECONDS)
        except KafkaError:
            assert time.monotonic() < deadline
        else:
            return


def test_closing_while_a_request_is_half_sent_closes_its_socket(own_broker: Broker) -> None:
    port = int(own_broker.bootstrap.rpartition(":")[2])
    connection = KafkaConnection({"bootstrap_servers": own_broker.bootstrap})
    assert connection.answered(DEADLINE_SECONDS)
    wait_until_described(connection)
    with own_broker.asleep():
        answer = connection.describe([f"{number:0240d}" for number in range(MORE_THAN_SOCKETS_HOLD)])
        assert not connection.wait(answer, 1.0)
        assert open_sockets(port)
        connection.close()
        assert not open_sockets(port)


def test_closing_during_a_handshake_closes_its_socket() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        connection = KafkaConnection({"bootstrap_servers": f"127.0.0.1:{port}", "security_protocol": "SSL"})
        with mute.accept()[0] as accepted:
            assert accepted.recv(1)  # the client has said hello, and waits for the answer
            gc.disable()  # else it might close what was forgotten
            try:
                connection.close()
                assert not open_sockets(port)
            finally:
                gc.enable()
