"""A broker whose clients come through a proxy: at ``proxied`` for daemons, at ``bootstrap`` for whoever tests."""

from __future__ import annotations

from typing import Self

from tests.faults.proxy import Proxy
from tests.kafka.broker import Broker, addresses, free_port

SETTINGS = {"group.min.session.timeout.ms": "1000", "log.cleaner.backoff.ms": "1000"}


class ProxiedBroker(Broker):
    """A broker with two listeners; what it calls itself on the second is the proxy's address."""

    def __init__(self) -> None:
        port, inner, outer = free_port(), free_port(), free_port()
        self.proxied = f"127.0.0.1:{outer}"
        self.proxy = Proxy(outer, to=inner)
        open_to_all = addresses(port, free_port())
        settings = open_to_all | {
            "listeners": f"{open_to_all['listeners']},PROXIED://127.0.0.1:{inner}",
            "advertised.listeners": f"{open_to_all['advertised.listeners']},PROXIED://{self.proxied}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:PLAINTEXT",
        }
        super().__init__(settings | SETTINGS, port=port)

    def __enter__(self) -> Self:
        self.proxy.__enter__()
        return super().__enter__()

    def __exit__(self, *reason: object) -> None:
        super().__exit__(*reason)
        self.proxy.__exit__(*reason)
