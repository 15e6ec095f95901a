"""A broker for the hand: ``python -m tests.kafka`` runs one on port 9092 until Ctrl-C, then forgets its data."""

from __future__ import annotations

import contextlib
import signal
import sys

from tests.kafka.broker import Broker
from tests.kafka.jars import KafkaUnavailableError

PORT = 9092
HAND_SETTINGS = {"auto.create.topics.enable": "true"}


def main() -> None:
    """Run a broker in the foreground and print its address when it answers."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.stdout.write("Kafka is starting; the first time Maven fetches it\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt), Broker(HAND_SETTINGS, port=PORT) as broker:
        sys.stdout.write(f"Kafka answers at {broker.bootstrap}; Ctrl-C stops it\n")
        sys.stdout.flush()
        sys.exit(broker.wait())


if __name__ == "__main__":
    try:
        main()
    except (KafkaUnavailableError, RuntimeError) as reason:
        sys.exit(str(reason))
