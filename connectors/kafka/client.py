"""kafka-python's network client, extended to close every socket it opens and to say why a broker refused it."""

from __future__ import annotations

from typing import Any
from weakref import WeakSet

from kafka import errors
from kafka.net.compat import KafkaNetClient
from kafka.net.inet import KafkaNetSocket, create_connection
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector
from kafka.net.transport import KafkaSSLTransport, KafkaTCPTransport


class TidyClient(KafkaNetClient):  # type: ignore[misc]  # kafka-python publishes no types
    """What a consumer, a producer or an admin client of kafka-python takes as its ``kafka_client``."""

    def __init__(self, **config: Any) -> None:
        config["proxy_url"] = config.get("proxy_url") or f"{TidySocket.SCHEMES[0]}://"
        net = NetworkSelector(**config)
        super().__init__(net=net, manager=_Manager(net, **config))

    @property
    def net(self) -> Any:
        """The loop that all connections run on."""
        return self._net

    @property
    def manager(self) -> Any:
        """The manager of the connections."""
        return self._manager

    @property
    def refusal(self) -> str:
        """Why a broker refused the connection, in a sentence; empty where none did."""
        return str(self._manager.refusal)

    def close(self, node_id: Any = None) -> None:
        """Close one connection, or all of them and the network thread."""
        super().close(node_id)
        if node_id is None:
            self._manager.close_leftovers()


class TidySocket(KafkaNetSocket):  # type: ignore[misc]  # kafka-python publishes no types
    """Closes a socket that could not connect: kafka-python leaves it to the garbage collector, many in an outage.

    A class for a proxy's URL is how kafka-python lets others make its connections; here there is no proxy.
    """

    SCHEMES = ("direct",)

    async def sock_connect(self, net: Any, sock: Any, sockaddr: Any, timeout_at: float | None = None) -> Any:
        """Connect, or close."""
        try:
            return await super().sock_connect(net, sock, sockaddr, timeout_at=timeout_at)
        except BaseException:
            sock.close()
            raise


class _Manager(KafkaConnectionManager):  # type: ignore[misc]  # kafka-python publishes no types
    """Remembers why a broker refused the connection; kafka-python only logs it and tries again."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        self.refusal = ""
        self._sockets: WeakSet[Any] = WeakSet()
        super().__init__(*arguments, **settings)

    def close_leftovers(self) -> None:
        """Close what is still open after the network has stopped.

        A transport with bytes left to send is closed by the task that sends them, and that task has ended.
        """
        for connected in self._sockets:
            connected.close()

    def get_connection(self, *arguments: Any, **options: Any) -> Any:
        """Return a connection, and note why it fails."""
        connection = super().get_connection(*arguments, **options)
        connection.init_future.add_errback(self._note)
        return connection

    async def _build_transport(self, node: Any, timeout_at: float | None = None) -> Any:
        """Connect, or close: kafka-python leaves a handshake that fails or is cut off to the garbage collector."""
        sock = await create_connection(
            self._net,
            node.host,
            node.port,
            self.config["socket_options"],
            proxy_url=self.config["proxy_url"],
            timeout_at=timeout_at,
        )
        transport = self._transport(sock, node.host)
        try:
            await transport.handshake()
        except Exception as error:
            transport.close()
            raise errors.KafkaConnectionError(f"Handshake failed: {error}") from error
        except BaseException:
            transport.close()
            raise
        self._sockets.add(transport._sock)  # noqa: SLF001 - the transport has no public name for it
        return transport

    def _transport(self, sock: Any, host: str) -> Any:
        if not self.ssl_enabled:
            return KafkaTCPTransport(self._net, sock, host=host)
        options = {name: value for name, value in self.config.items() if name.startswith("ssl_")}
        try:
            return KafkaSSLTransport(self._net, sock, host=host, **options)
        except BaseException:
            sock.close()
            raise

    def _note(self, error: Exception) -> None:
        if isinstance(error, errors.SaslAuthenticationFailedError):
            self.refusal = (
                f"the broker rejected the user name or password: {error.args[0] if error.args else error}"
            )
        elif "Handshake failed" in str(error):
            self.refusal = f"no TLS connection to the broker: {error.args[0] if error.args else error}"
