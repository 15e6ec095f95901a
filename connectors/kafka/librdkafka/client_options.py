"""The options of librdkafka's clients that a configuration may set (its CONFIGURATION.md, 2.16)."""

from __future__ import annotations

import difflib
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from connectors.kafka.checked_options import checked, read_secret

if TYPE_CHECKING:
    from collections.abc import Mapping

SECRETS = (
    "sasl.password",
    "ssl.key.password",
    "ssl.keystore.password",
    "sasl.oauthbearer.client.secret",
)
FILES = {f"{secret}.file": secret for secret in SECRETS}

Range = tuple[int, int]
TEXT, YES_OR_NO = "a non-empty text", "true or false"
_MOST = (1 << 31) - 1
_HOUR_MS, _DAY_MS = 3_600_000, 86_400_000

BOTH: dict[str, Range | str | frozenset[str]] = {
    "security.protocol": frozenset({"plaintext", "ssl", "sasl_plaintext", "sasl_ssl"}),
    "sasl.mechanism": frozenset({"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"}),
    "sasl.username": TEXT,
    "sasl.password": TEXT,
    "sasl.oauthbearer.method": frozenset({"oidc"}),
    "sasl.oauthbearer.client.id": TEXT,
    "sasl.oauthbearer.client.secret": TEXT,
    "sasl.oauthbearer.scope": TEXT,
    "sasl.oauthbearer.extensions": TEXT,
    "sasl.oauthbearer.token.endpoint.url": TEXT,
    "https.ca.location": TEXT,
    "ssl.ca.location": TEXT,
    "ssl.certificate.location": TEXT,
    "ssl.key.location": TEXT,
    "ssl.key.password": TEXT,
    "ssl.keystore.location": TEXT,
    "ssl.keystore.password": TEXT,
    "ssl.crl.location": TEXT,
    "ssl.cipher.suites": TEXT,
    "ssl.curves.list": TEXT,
    "ssl.sigalgs.list": TEXT,
    "ssl.endpoint.identification.algorithm": frozenset({"none", "https"}),
    "enable.ssl.certificate.verification": YES_OR_NO,
    "broker.address.family": frozenset({"any", "v4", "v6"}),
    "broker.address.ttl": (0, _DAY_MS),
    "client.dns.lookup": frozenset({"use_all_dns_ips", "resolve_canonical_bootstrap_servers_only"}),
    "client.rack": TEXT,
    "connections.max.idle.ms": (0, _MOST),
    "debug": TEXT,
    "enable.metrics.push": YES_OR_NO,
    "metadata.max.age.ms": (1, _DAY_MS),
    "metadata.recovery.strategy": frozenset({"none", "rebootstrap"}),
    "receive.message.max.bytes": (1000, _MOST),
    "reconnect.backoff.ms": (0, _HOUR_MS),
    "reconnect.backoff.max.ms": (0, _HOUR_MS),
    "retry.backoff.ms": (1, 300_000),
    "retry.backoff.max.ms": (1, 300_000),
    "socket.connection.setup.timeout.ms": (1000, _MOST),
    "socket.keepalive.enable": YES_OR_NO,
    "socket.nagle.disable": YES_OR_NO,
    "socket.receive.buffer.bytes": (0, 100_000_000),
    "socket.send.buffer.bytes": (0, 100_000_000),
    "socket.timeout.ms": (10, 300_000),
    "topic.metadata.refresh.interval.ms": (-1, _HOUR_MS),
}
CONSUMER: dict[str, Range | str | frozenset[str]] = BOTH | {
    "fetch.error.backoff.ms": (0, 300_000),
    "fetch.max.bytes": (0, _MOST - 512),
    "fetch.min.bytes": (0, _MOST),
    "fetch.queue.backoff.ms": (0, 300_000),
    "fetch.wait.max.ms": (0, 300_000),
    "max.partition.fetch.bytes": (1, 1_000_000_000),
    "queued.max.messages.kbytes": (1, (1 << 21) - 1),
    "queued.min.messages": (1, 10_000_000),
}
PRODUCER: dict[str, Range | str | frozenset[str]] = BOTH | {
    "batch.num.messages": (1, 1_000_000),
    "batch.size": (1, _MOST),
    "compression.level": (-1, 12),
    "compression.type": frozenset({"none", "gzip", "snappy", "lz4", "zstd"}),
    "delivery.timeout.ms": (1, _MOST),
    "linger.ms": (0, 900_000),
    "message.max.bytes": (1000, 1_000_000_000),
    "queue.buffering.max.kbytes": (1, _MOST),
    "request.timeout.ms": (1, 900_000),
}
OURS = frozenset(
    {
        "acks",
        "allow.auto.create.topics",
        "auto.offset.reset",
        "bootstrap.servers",
        "check.crcs",
        "client.id",
        "enable.auto.commit",
        "enable.auto.offset.store",
        "enable.idempotence",
        "enable.partition.eof",
        "group.id",
        "group.instance.id",
        "group.protocol",
        "isolation.level",
        "max.poll.interval.ms",
        "metadata.broker.list",
        "partitioner",
        "statistics.interval.ms",
        "transactional.id",
    }
)


def check_librdkafka(
    options: Mapping[str, Any], settable: Mapping[str, Range | str | frozenset[str]]
) -> dict[str, Any]:
    """Return the options with inline secrets wrapped; raise a ValidationError with every fault at its key."""
    return checked(options, partial(_fault, settable), secrets=SECRETS, section="librdkafka")


def _fault(settable: Mapping[str, Range | str | frozenset[str]], name: str, value: Any) -> str:
    if name in OURS:
        return f"{name} cannot be set here: the daemon sets it itself, or from another option of this section"
    kind = TEXT if name in FILES else settable.get(name)
    if kind is None:
        near = difflib.get_close_matches(name, [*settable, *FILES], n=1)
        return f"librdkafka has no option {name!r} that can be set here" + (
            f": did you mean {near[0]}?" if near else ""
        )
    if isinstance(kind, frozenset):
        known = isinstance(value, str) and (value in kind or value.lower() in kind)
        return "" if known else f"{name} must be one of {', '.join(sorted(kind))}"
    if isinstance(kind, tuple):
        within = type(value) is int and kind[0] <= value <= kind[1]
        return "" if within else f"{name} must be a whole number from {kind[0]} to {kind[1]}"
    fits = isinstance(value, bool) if kind == YES_OR_NO else isinstance(value, str | SecretStr) and bool(value)
    return "" if fits else f"{name} must be {kind}"


def librdkafka_arguments(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return checked options as the library takes them, with secrets read from their files now.

    Raises OSError where a secret's file cannot be read.
    """
    return {
        FILES.get(name, name): read_secret(f"librdkafka.{name}", value) if name in FILES else _plain(value)
        for name, value in options.items()
    }


def _plain(value: Any) -> Any:
    return value.get_secret_value() if isinstance(value, SecretStr) else value
