"""The options that the source and the sinks of Kafka have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, field_validator

from connectors.kafka.broker_addresses import require_addresses
from connectors.kafka.client_options import check_client, client_arguments
from connectors.options import Options


class KafkaOptions(Options):
    """Base of the options of the Kafka source and sinks."""

    CLIENT_DEFAULTS: ClassVar[Mapping[str, Any]] = {}
    """The options of the kafka-python client in question, with kafka-python's own defaults."""

    bootstrap_servers: str | tuple[str, ...] = Field(
        "localhost:9092", description="host:port of one or more brokers: a list, or one text with commas."
    )
    client_id: str = Field("retaind", description="Name of this client in the brokers' logs.")
    client: dict[str, Any] = Field(
        default_factory=dict,
        description=(
            "Further options of kafka-python's client, under their own names: security_protocol, sasl_*, ssl_*, "
            "fetch sizes, timeouts. Secrets are best kept in files: sasl_plain_password_file, ssl_password_file, "
            "sasl_oauth_token_file."
        ),
    )

    @field_validator("bootstrap_servers")
    @classmethod
    def _with_ports(cls, servers: str | tuple[str, ...]) -> str | tuple[str, ...]:
        require_addresses(servers)
        return servers

    @field_validator("client")
    @classmethod
    def _known_and_of_the_right_type(cls, client: dict[str, Any]) -> dict[str, Any]:
        return check_client(client, cls.CLIENT_DEFAULTS)

    def client_config(self) -> dict[str, Any]:
        """Return what kafka-python's constructor takes, with secrets read from their files now.

        Raises OSError where a secret's file cannot be read.
        """
        servers = self.bootstrap_servers
        addresses = {"bootstrap_servers": servers if isinstance(servers, str) else list(servers)}
        return addresses | {"client_id": self.client_id} | client_arguments(self.client)
