"""The options of kafka-python's own clients that a configuration may set, checked before anything connects."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from kafka.errors import KafkaConfigurationError
from kafka.net.sasl.oauth import AbstractTokenProvider
from pydantic import SecretStr

from connectors.kafka.checked_options import checked, read_secret
from connectors.own.kind import OwnClassError, import_own
from connectors.own.look import look_at_own

if TYPE_CHECKING:
    from collections.abc import Mapping

SECRETS = ("sasl_plain_password", "ssl_password")
TOKEN_FILE = "sasl_oauth_token_file"  # noqa: S105  # the name of an option
FILES = {f"{secret}_file": secret for secret in SECRETS}
ASSIGNORS = {
    "range": RangePartitionAssignor,
    "roundrobin": RoundRobinPartitionAssignor,
    "sticky": StickyPartitionAssignor,
    "cooperative-sticky": CooperativeStickyAssignor,
}
CHOICES: dict[str, tuple[str, ...]] = {
    "security_protocol": ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"),
    "sasl_mechanism": ("PLAIN", "GSSAPI", "OAUTHBEARER", "SCRAM-SHA-256", "SCRAM-SHA-512", "AWS_MSK_IAM"),
    "partition_assignment_strategy": tuple(ASSIGNORS),
    "compression_type": ("gzip", "snappy", "lz4", "zstd"),
    "client_dns_lookup": ("use_all_dns_ips", "resolve_canonical_bootstrap_servers_only"),
}
WHOLE_NUMBERS = ("receive_buffer_bytes", "send_buffer_bytes")
# Objects that YAML cannot name, deprecated options, and what the daemon sets itself.
NOT_FROM_YAML = frozenset(
    {
        "allow_auto_create_topics",
        "auto_commit_interval_ms",
        "auto_offset_reset",
        "bootstrap_servers",
        "bootstrap_timeout_ms",
        "client_id",
        "consumer_timeout_ms",
        "default_offset_commit_callback",
        "enable_auto_commit",
        "group_id",
        "group_instance_id",
        "isolation_level",
        "kafka_client",
        "key_deserializer",
        "key_serializer",
        "max_poll_records",
        "metric_reporters",
        "metrics_enabled",
        "partitioner",
        "retries",
        "sasl_kerberos_name",
        "selector",
        "socket_options",
        "socks5_proxy",
        "ssl_context",
        "transaction_timeout_ms",
        "transactional_id",
        "value_deserializer",
        "value_serializer",
    }
)


def check_client(client: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options with inline secrets wrapped; raise a ValidationError with every fault at its key."""
    return checked(client, lambda name, value: _fault(name, value, defaults), secrets=SECRETS, section="client")


def _fault(name: str, value: Any, defaults: Mapping[str, Any]) -> str:
    settable = [*(set(defaults) - NOT_FROM_YAML), *FILES, TOKEN_FILE]
    if name in NOT_FROM_YAML:
        return f"{name} cannot be set here: the daemon sets it itself, or from another option of this section"
    if name not in settable:
        near = difflib.get_close_matches(name, sorted(settable), n=1)
        return f"kafka-python has no option {name!r} for this client" + (
            f": did you mean {near[0]}?" if near else ""
        )
    if name == "sasl_oauth_token_provider":
        return _token_provider_fault(value)
    values = value if isinstance(value, list | tuple) and name == "partition_assignment_strategy" else [value]
    if name in CHOICES and not all(each in CHOICES[name] for each in values):
        return f"{name} must be one of {', '.join(CHOICES[name])}"
    if name in CHOICES or _is_like(name, value, defaults.get(name)):
        return ""
    return f"{name} must be {_expected(name, defaults.get(name))}"


def _token_provider_fault(value: Any) -> str:
    """Return what is wrong with a class of the user's own, as far as its text says; nothing is imported here."""
    try:
        if not isinstance(value, str) or ":" not in value:
            return "sasl_oauth_token_provider must be package.module:Class"
        look_at_own(value, AbstractTokenProvider)
    except OwnClassError as error:
        return f"cannot use {value}: {error}"
    return ""


def _is_like(name: str, value: Any, default: Any) -> bool:
    if name == "api_version":
        return isinstance(value, list | tuple) and all(type(part) is int for part in value)
    if isinstance(default, bool):
        return isinstance(value, bool)
    if isinstance(default, int | float) or name in WHOLE_NUMBERS:
        return type(value) is int and value >= 0
    return isinstance(value, str | SecretStr) and bool(value)


def _expected(name: str, default: Any) -> str:
    if name == "api_version":
        return "a list of whole numbers such as [4, 1]"
    if isinstance(default, bool):
        return "true or false"
    if isinstance(default, int | float) or name in WHOLE_NUMBERS:
        return "a whole number, 0 or more"
    return "a non-empty text"


def client_arguments(client: Mapping[str, Any]) -> dict[str, Any]:
    """Return checked options as kafka-python's constructor takes them, with secrets read from their files now.

    Raises OSError where a secret's file cannot be read, KafkaConfigurationError for a class that is no provider.
    """
    ready: dict[str, Any] = {}
    for name, value in client.items():
        if name in FILES:
            ready[FILES[name]] = read_secret(f"client.{name}", value)
        elif name == TOKEN_FILE:
            ready["sasl_oauth_token_provider"] = FileToken(value)
        elif name == "sasl_oauth_token_provider":
            ready[name] = _token_provider(value)
        elif name == "partition_assignment_strategy":
            ready[name] = [ASSIGNORS[each] for each in ([value] if isinstance(value, str) else value)]
        elif name == "api_version":
            ready[name] = tuple(value)
        else:
            ready[name] = value.get_secret_value() if isinstance(value, SecretStr) else value
    return ready


def _token_provider(name: str) -> Any:
    try:
        return import_own(name, AbstractTokenProvider)()
    except OwnClassError as error:
        raise KafkaConfigurationError(f"client.sasl_oauth_token_provider: cannot use {name}: {error}") from error


class FileToken(AbstractTokenProvider):  # type: ignore[misc]  # kafka-python publishes no types
    """Reads an OAUTHBEARER token from a file that another program renews, as Kubernetes does."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def token(self) -> str:
        """Return the token that is in the file now."""
        return read_secret(f"client.{TOKEN_FILE}", self._path)
