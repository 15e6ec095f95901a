"""The options that the source and the sinks of Kafka have in common."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from connectors.kafka.broker_addresses import require_addresses
from connectors.kafka.client_options import check_client, client_arguments
from connectors.kafka.librdkafka.client_options import BOTH, CONSUMER, check_librdkafka, librdkafka_arguments
from connectors.kafka.librdkafka.counterparts import for_kafka_python
from connectors.optional import require_installed
from connectors.options import Options

if TYPE_CHECKING:
    from connectors.kafka.log_client import Isolation

Library = Literal["kafka-python", "librdkafka"]
LIBRARIES: tuple[Library, ...] = ("kafka-python", "librdkafka")


READING = {
    "allow.auto.create.topics": False,
    "auto.offset.reset": "error",
    "check.crcs": True,
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "enable.partition.eof": True,
    "statistics.interval.ms": 1000,
}
"""How librdkafka reads for us: it keeps no offsets, finds none by itself, and says where a log ends."""


class KafkaOptions(Options):
    """Base of the options of the Kafka source and sinks."""

    CLIENT_DEFAULTS: ClassVar[Mapping[str, Any]] = {}
    """The options of the kafka-python client in question, with kafka-python's own defaults."""
    LIBRDKAFKA: ClassVar[Mapping[str, Any]] = {}
    """The options of the librdkafka client in question that can be set, and what each may be."""

    bootstrap_servers: str | tuple[str, ...] = Field(
        "localhost:9092", description="host:port of one or more brokers: a list, or one text with commas."
    )
    client_id: str = Field("retaind", description="Name of this client in the brokers' logs.")
    client: Library | dict[str, Any] = Field(
        default_factory=dict,
        description=(
            "The library that speaks to Kafka: kafka-python, or librdkafka of retaind[librdkafka]. Or further "
            "options of kafka-python's client, under their own names: security_protocol, sasl_*, ssl_*, fetch "
            "sizes, timeouts. Secrets are best kept in files: sasl_plain_password_file, ssl_password_file, "
            "sasl_oauth_token_file."
        ),
    )
    librdkafka: dict[str, Any] = Field(
        default_factory=dict,
        description=(
            "With client: librdkafka, further options of that library, under their own names: security.protocol, "
            "sasl.*, ssl.*, fetch sizes, timeouts. Secrets are best kept in files: sasl.password.file, "
            "ssl.key.password.file, ssl.keystore.password.file, sasl.oauthbearer.client.secret.file."
        ),
    )

    @field_validator("bootstrap_servers")
    @classmethod
    def _with_ports(cls, servers: str | tuple[str, ...]) -> str | tuple[str, ...]:
        require_addresses(servers)
        return servers

    @field_validator("client", mode="before")
    @classmethod
    def _known_library(cls, client: Any) -> Any:
        if isinstance(client, Mapping) or client in LIBRARIES:
            return client
        near = difflib.get_close_matches(str(client), LIBRARIES, n=1, cutoff=0.4)
        raise ValueError(
            "give kafka-python or librdkafka, or a mapping with options of kafka-python"
            + (f": did you mean {near[0]}?" if near else "")
        )

    @field_validator("client")
    @classmethod
    def _known_and_of_the_right_type(cls, client: Library | dict[str, Any]) -> Library | dict[str, Any]:
        if client == "librdkafka":
            require_installed("confluent_kafka", extra="librdkafka")
        return check_client(client, cls.CLIENT_DEFAULTS) if isinstance(client, dict) else client

    @field_validator("librdkafka")
    @classmethod
    def _known_to_librdkafka(cls, options: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        if options and info.data.get("client", "librdkafka") != "librdkafka":
            raise ValueError("these are options of another library; set client: librdkafka to use that")
        return check_librdkafka(options, cls.LIBRDKAFKA)

    @property
    def library(self) -> Library:
        """The library that speaks to Kafka."""
        return "librdkafka" if self.client == "librdkafka" else "kafka-python"

    def kafka_python_options(self) -> dict[str, Any]:
        """Return the options for kafka-python: as given, or what librdkafka's mean with it.

        Operators' commands speak to Kafka with kafka-python, whatever the daemon does. Raises
        KafkaConfigurationError for an option that says how to get in, and has no counterpart.
        """
        return self.client if isinstance(self.client, dict) else for_kafka_python(self.librdkafka)

    def client_config(self) -> dict[str, Any]:
        """Return what kafka-python's constructor takes, with secrets read from their files now.

        Raises OSError where a secret's file cannot be read, and as ``kafka_python_options`` does.
        """
        servers = self.bootstrap_servers
        addresses = {"bootstrap_servers": servers if isinstance(servers, str) else list(servers)}
        return addresses | {"client_id": self.client_id} | client_arguments(self.kafka_python_options())

    def librdkafka_config(self, settable: Mapping[str, Any]) -> dict[str, Any]:
        """Return what one of librdkafka's clients takes of these options, with secrets read from their files now.

        Raises OSError where a secret's file cannot be read.
        """
        servers = self.bootstrap_servers
        addresses = {"bootstrap.servers": servers if isinstance(servers, str) else ",".join(servers)}
        given = librdkafka_arguments(self.librdkafka)
        # Where no broker can be reached for a while, the source begins at the bootstrap servers again by itself.
        ours = {"enable.metrics.push": False, "metadata.recovery.strategy": "none", "socket.keepalive.enable": True}
        return (
            ours
            | {name: value for name, value in given.items() if name in settable}
            | addresses
            | {"client.id": self.client_id}
        )

    def reading_configs(self, *, group: str | None, isolation: Isolation) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what librdkafka's consumer and its admin client take to read; raise as ``librdkafka_config``."""
        # The library asks for the name of a group, even where nobody is to be told of one.
        names = {"group.id": group or self.client_id, "isolation.level": isolation}
        return self.librdkafka_config(CONSUMER) | names | READING, self.librdkafka_config(BOTH)
