"""Whether Kafka lets the daemon in, and has what the configuration names; nothing is written, created or joined."""

from __future__ import annotations

import json
import re
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer
from kafka.errors import KafkaError

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.options import KafkaOptions
from connectors.kafka.sink_options import KafkaSinkOptions
from connectors.kafka.source_options import KafkaSourceOptions
from daemon.config.dump import dump
from daemon.doctor.bootstrap import unreachable
from daemon.doctor.edges import sinks, sources
from daemon.doctor.finding import ok, problem
from daemon.doctor.kafka_positions import check_positions
from daemon.doctor.quiet import quiet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connectors.kafka.topics import TopicFacts
    from daemon.config.schema import Config
    from daemon.doctor.finding import Finding
    from daemon.doctor.setup import Setup

_SLICE_SECONDS = 0.2
_REMEDIES = {
    "kafka-python": {
        "name or password": "check client.sasl_mechanism, sasl_plain_username and sasl_plain_password_file",
        "no TLS": "check client.ssl_cafile, and the name in the broker's certificate",
    },
    "librdkafka": {
        "name or password": "check librdkafka.sasl.mechanism, sasl.username and sasl.password.file",
        "no TLS": "check librdkafka.ssl.ca.location, and the name in the broker's certificate",
    },
}
_MUTE = (
    "check client.security_protocol, or librdkafka.security.protocol: whether the broker speaks TLS at that port,"
    " and wants a password (SASL_SSL); or give it more time with --timeout"
)


@dataclass(frozen=True, slots=True)
class Place:
    """A section that names a Kafka cluster."""

    section: str
    options: KafkaOptions


def check_kafka(config: Config, setup: Setup) -> Iterator[Finding]:
    """Ask each cluster once, within the limit of time."""
    with quiet():
        for places in _clusters(config):
            yield from _check_cluster(places, config, setup)


def _clusters(config: Config) -> list[list[Place]]:
    """Return the sections that name Kafka, those of one cluster and one way in together."""
    clusters: dict[str, list[Place]] = {}
    for section, options in (sources(config) | sinks(config)).items():
        if isinstance(options, KafkaOptions):
            given = options.client if isinstance(options.client, dict) else options.librdkafka
            secure = {name: value for name, value in given.items() if name.startswith(("s", "api", "enable"))}
            key = json.dumps([dump(options.bootstrap_servers), dump(secure)], sort_keys=True)
            clusters.setdefault(key, []).append(Place(section, options))
    return list(clusters.values())


def _check_cluster(places: Sequence[Place], config: Config, setup: Setup) -> Iterator[Finding]:
    options = places[0].options
    servers = options.bootstrap_servers
    addresses = servers.split(",") if isinstance(servers, str) else list(servers)
    name = f"{','.join(addresses)} ({', '.join(place.section for place in places)})"
    deadline = time.monotonic() + setup.timeout_seconds
    try:
        settings = options.client_config()
        if why := unreachable(addresses, deadline=deadline):
            yield problem(f"{name}: {why}", "start Kafka, or correct bootstrap_servers")
            return
        with closing(KafkaConnection(_of_a_consumer(settings))) as connection:
            yield from _ask(connection, places, config, setup, name=name, deadline=deadline)
    except (KafkaError, OSError) as error:
        yield problem(f"{name}: {error}", "check the options in client, or in librdkafka")


def _of_a_consumer(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name in KafkaConsumer.DEFAULT_CONFIG}


def _ask(
    connection: KafkaConnection,
    places: Sequence[Place],
    config: Config,
    setup: Setup,
    *,
    name: str,
    deadline: float,
) -> Iterator[Finding]:
    while not connection.answered(_SLICE_SECONDS):
        if connection.refusal:
            remedies = _REMEDIES[places[0].options.library]
            remedy = next((text for word, text in remedies.items() if word in connection.refusal), _MUTE)
            yield problem(f"{name}: {connection.refusal}", remedy)
            return
        if time.monotonic() > deadline:
            yield problem(
                f"{name}: it takes connections, but has not answered within {setup.timeout_seconds:g} s", _MUTE
            )
            return
    yield ok(f"{name}: it answers and accepts this client")
    source: tuple[KafkaSourceOptions, Mapping[str, TopicFacts]] | None = None
    for place in places:
        found, faults = _topics(connection, place, deadline=deadline)
        yield from faults
        if place.section == "source" and found and isinstance(place.options, KafkaSourceOptions):
            source = place.options, found
    if source is not None:  # last: the consumer that asks takes the connection with it when it closes
        yield from check_positions(connection, *source, config=config, setup=setup)


def _topics(
    connection: KafkaConnection, place: Place, *, deadline: float
) -> tuple[Mapping[str, TopicFacts], list[Finding]]:
    """Return the topics that a section means, and what there is to say about them."""
    options: Any = place.options
    pattern = getattr(options, "pattern", None)
    names = [options.topic] if isinstance(options, KafkaSinkOptions) else list(options.topics)
    question = connection.describe(None if pattern else names)
    if not connection.wait(question, max(_SLICE_SECONDS, deadline - time.monotonic())):
        return {}, [problem(f"{place.section}: the broker does not say which topics there are", "look at its log")]
    found = _matching(question.value.found, pattern)
    make = "make it, or correct the name; retaind never creates a topic"
    findings = (
        [] if pattern else [problem(f"{place.section}: {why}", make) for why in question.value.problems.values()]
    )
    if pattern and not found:
        findings.append(problem(f"{place.section}: no topic matches the pattern {pattern}", make))
    findings += [_partitions(place, topic, facts) for topic, facts in sorted(found.items())]
    return found, findings


def _matching(found: Mapping[str, TopicFacts], pattern: str | None) -> Mapping[str, TopicFacts]:
    if pattern is None:
        return found
    wanted = re.compile(pattern)
    return {name: facts for name, facts in found.items() if wanted.fullmatch(name)}


def _partitions(place: Place, topic: str, facts: TopicFacts) -> Finding:
    absent = sorted(set(getattr(place.options, "partitions", None) or ()) - set(facts.partitions))
    if absent:
        return problem(
            f"{place.section}: topic {topic} has no partition {', '.join(map(str, absent))}",
            f"it has {len(facts.partitions)}; correct partitions",
        )
    count = len(facts.partitions)
    return ok(f"{place.section}: topic {topic} exists, with {count} {'partition' if count == 1 else 'partitions'}")
