from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import Consumer, KafkaException, Producer
from pydantic import ValidationError

from connectors.kafka.librdkafka.client_options import CONSUMER, PRODUCER, TEXT, YES_OR_NO
from connectors.kafka.predictions import KafkaPredictions
from connectors.kafka.source import KafkaSource

if TYPE_CHECKING:
    from pathlib import Path


def options(settings: dict[str, Any] | None = None, **more: Any) -> Any:
    return KafkaSource.Options(topics=("t",), **{"client": "librdkafka", "librdkafka": settings or {}} | more)


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("fetch.min.byte", 1, "no option 'fetch.min.byte' that can be set here: did you mean fetch.min.bytes?"),
        ("plugin.library.paths", "evil.so", "no option 'plugin.library.paths' that can be set here"),
        ("fetch.min.bytes", "1", "must be a whole number from 0 to 2147483647"),
        ("fetch.wait.max.ms", 300_001, "must be a whole number from 0 to 300000"),
        ("socket.keepalive.enable", 1, "must be true or false"),
        ("ssl.ca.location", "", "must be a non-empty text"),
        ("security.protocol", "TLS", "must be one of plaintext, sasl_plaintext, sasl_ssl, ssl"),
        ("sasl.mechanism", "GSSAPI", "must be one of OAUTHBEARER, PLAIN, SCRAM-SHA-256, SCRAM-SHA-512"),
        ("check.crcs", False, "cannot be set here: the daemon sets it itself"),
        ("linger.ms", 1, "no option 'linger.ms' that can be set here"),
    ],
)
def test_a_fault_is_told_at_its_own_key(name: str, value: Any, fault: str) -> None:
    with pytest.raises(ValidationError) as caught:
        options({name: value})
    (error,) = caught.value.errors()
    assert error["loc"] == ("librdkafka", name)
    assert fault in error["msg"]


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"client": "librdkafk"}, "did you mean librdkafka?"),
        ({"client": 3}, "give kafka-python or librdkafka, or a mapping with options of kafka-python"),
        ({"client": "kafka-python", "librdkafka": {"fetch.min.bytes": 1}}, "set client: librdkafka to use that"),
        ({"client": {}, "librdkafka": {"fetch.min.bytes": 1}}, "these are options of another library"),
        ({"mode": "subscribe", "group": "g"}, "mode: subscribe needs client: kafka-python; librdkafka is used for"),
        ({"on_unreadable": "skip"}, "on_unreadable: skip needs client: kafka-python; librdkafka hands nobody"),
        ({"max_batch_bytes": 1 << 25}, "max_batch_bytes needs client: kafka-python; librdkafka opens"),
    ],
)
def test_what_does_not_go_with_a_library_is_refused(given: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault.replace("?", r"\?")):
        options(**given)


def test_without_the_extra_it_is_told_at_its_key_which_one_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.optional.find_spec", lambda _: None)
    with pytest.raises(ValidationError) as caught:
        options()
    (error,) = caught.value.errors()
    assert error["loc"] == ("client",)
    assert "needs confluent_kafka, which is not installed; install retaind[librdkafka]" in error["msg"]


def test_nothing_imports_the_library_before_it_is_chosen() -> None:
    code = "import sys, connectors; assert not [name for name in sys.modules if name.startswith('confluent')]"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_secret_is_shown_nowhere_and_read_from_its_file_when_it_is_used(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("hunter2\n", encoding="utf-8")
    inline = options({"sasl.password": "hunter3"})
    assert "hunter3" not in repr(inline)
    assert inline.librdkafka_config(CONSUMER)["sasl.password"] == "hunter3"
    named = options({"sasl.password.file": str(file)})
    assert named.librdkafka_config(CONSUMER)["sasl.password"] == "hunter2"
    file.unlink()
    with pytest.raises(OSError, match=r"librdkafka\.sasl\.password\.file"):
        named.librdkafka_config(CONSUMER)


def test_operators_commands_are_let_in_with_kafka_python_by_the_same_options(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("hunter2", encoding="utf-8")
    said = options(
        {
            "security.protocol": "sasl_ssl",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": "ada",
            "sasl.password.file": str(file),
            "ssl.ca.location": "ca.pem",
            "ssl.endpoint.identification.algorithm": "none",
            "fetch.wait.max.ms": 5,
        }
    ).client_config()
    assert said == {
        "bootstrap_servers": "localhost:9092",
        "client_id": "retaind",
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "ada",
        "sasl_plain_password": "hunter2",
        "ssl_cafile": "ca.pem",
        "ssl_check_hostname": False,
    }


@pytest.mark.parametrize(("kind", "settable"), [(Consumer, CONSUMER), (Producer, PRODUCER)])
def test_the_library_knows_every_option_that_can_be_set(kind: Any, settable: dict[str, Any]) -> None:
    """With a value that is not one, it says so; of a name that is none, it says that."""
    for name, what in settable.items():
        if what == YES_OR_NO:
            value: Any = True
        elif what == TEXT:
            continue  # files, which would have to be there
        else:
            value = max(what) if isinstance(what, frozenset) else what[0]
        assert known(kind, name, value), name
    assert not known(kind, "no.such.option", 1)


def known(kind: Any, name: str, value: Any) -> bool:
    try:
        kind({"group.id": "g", "log_level": 0, name: value})
    except KafkaException as exception:  # what goes together is not the question
        return "No such configuration property" not in exception.args[0].str()
    return True


def test_a_producer_has_its_own_options() -> None:
    settings = {"client": "librdkafka", "librdkafka": {"compression.type": "lz4"}}
    assert KafkaPredictions.Options(topic="t", **settings)
    with pytest.raises(ValidationError, match=r"no option 'fetch.min.bytes'"):
        KafkaPredictions.Options(topic="t", client="librdkafka", librdkafka={"fetch.min.bytes": 1})
