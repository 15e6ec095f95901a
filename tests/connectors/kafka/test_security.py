"""TLS and SCRAM against a real broker: who is let in reads and writes, who is not is told why."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from connectors.kafka.dead_letters import KafkaDeadLetters
from tests.connectors.kafka.reading import Chosen, new_source, numbers, opened, poll_until, read, values
from tests.connectors.rejects import reject
from tests.connectors.settled import DEADLINE_SECONDS, until_settled
from tests.kafka.secure_broker import PASSWORD, SecureBroker

if TYPE_CHECKING:
    from pathlib import Path

    from connectors.kafka.source import KafkaSource


THEIRS = {
    "security_protocol": "security.protocol",
    "sasl_mechanism": "sasl.mechanism",
    "sasl_plain_username": "sasl.username",
    "sasl_plain_password_file": "sasl.password.file",
    "ssl_cafile": "ssl.ca.location",
    "reconnect_backoff_max_ms": "reconnect.backoff.max.ms",
}


def secured(guarded: SecureBroker, **changes: Any) -> dict[str, Any]:
    """The options of a client that is let in, with changes; without those that are None."""
    given = {name: value for name, value in guarded.client(**changes).items() if value is not None}
    if Chosen.library == "kafka-python":
        return {"client": given}
    return {"client": "librdkafka", "librdkafka": {THEIRS[name]: value for name, value in given.items()}}


def source_of(guarded: SecureBroker, topic: str, **client: Any) -> KafkaSource:
    return new_source(guarded, topic, bootstrap_servers=guarded.secure, **secured(guarded, **client))


@pytest.mark.usefixtures("each_library")
def test_with_certificate_and_password_it_reads(guarded: SecureBroker) -> None:
    name = guarded.create_topic(f"read-{Chosen.library}")
    guarded.produce(name, numbers(0, 300))
    with opened(source_of(guarded, name)) as source:
        assert values(read(source, 300)) == list(range(300))
        assert source.status().ready


@pytest.mark.usefixtures("each_library")
def test_dead_letters_are_written_the_same_way(guarded: SecureBroker) -> None:
    name = guarded.create_topic(f"dead-{Chosen.library}")
    options = KafkaDeadLetters.Options(bootstrap_servers=guarded.secure, topic=name, **secured(guarded))
    letters = KafkaDeadLetters(options)
    letters.write([reject(value=b"what was wrong")])
    until_settled(letters)
    letters.close()
    assert [letter.value for letter in guarded.read_all(name)] == [b"what was wrong"]


def reason(source: KafkaSource) -> str:
    """Poll until the source says why it cannot read."""
    with opened(source):
        poll_until(source, lambda: "answered yet" not in source.status().reason)
        return source.status().reason


@pytest.mark.usefixtures("each_library")
def test_a_wrong_password_is_said_and_not_shown(guarded: SecureBroker, tmp_path: Path) -> None:
    wrong = tmp_path / "password"
    wrong.write_text("let me in", encoding="utf-8")
    said = reason(source_of(guarded, "read", sasl_plain_password_file=str(wrong)))
    assert "rejected the user name or password" in said
    assert "let me in" not in said
    assert PASSWORD not in said


@pytest.mark.usefixtures("each_library")
def test_a_sink_with_a_wrong_password_waits_and_says_why(guarded: SecureBroker, tmp_path: Path) -> None:
    wrong = tmp_path / "password"
    wrong.write_text("let me in", encoding="utf-8")
    let_in = secured(guarded, sasl_plain_password_file=str(wrong))
    letters = KafkaDeadLetters(
        KafkaDeadLetters.Options(bootstrap_servers=guarded.secure, topic="dead", deadline_seconds=30, **let_in)
    )
    # A connection that ends before the broker has said why is tried again.
    deadline = time.monotonic() + DEADLINE_SECONDS
    while "rejected the user name or password" not in letters.trouble:
        assert not letters.settle(0.2)
        assert time.monotonic() < deadline, letters.trouble
    assert "let me in" not in letters.trouble
    letters.close()


@pytest.mark.usefixtures("each_library")
def test_a_broker_with_a_certificate_of_nobody_we_trust_is_not_spoken_to(guarded: SecureBroker) -> None:
    said = reason(source_of(guarded, "read", ssl_cafile=None))
    assert "no TLS connection to the broker" in said
    assert "certificate" in said


@pytest.mark.usefixtures("each_library")
def test_plain_text_to_a_port_that_wants_tls_never_reads(guarded: SecureBroker) -> None:
    name = guarded.create_topic(f"quiet-{Chosen.library}")
    guarded.produce(name, numbers(0, 3))
    source = new_source(guarded, name, bootstrap_servers=guarded.secure)
    with opened(source):
        for _ in range(20):
            assert source.poll(10, 0.05) == []
        assert not source.status().ready
