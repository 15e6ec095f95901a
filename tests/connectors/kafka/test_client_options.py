from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.range import RangePartitionAssignor
from pydantic import ValidationError

from connectors.kafka.client_options import FileToken
from connectors.kafka.predictions import KafkaPredictions
from connectors.kafka.source import KafkaSource

if TYPE_CHECKING:
    from pathlib import Path


def options(**client: Any) -> Any:
    return KafkaSource.Options(topics=("t",), client=client)


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("fetch_min_byte", 1, "no option 'fetch_min_byte' for this client: did you mean fetch_min_bytes?"),
        ("zzz", 1, "no option 'zzz' for this client"),
        ("fetch_min_bytes", "1", "must be a whole number, 0 or more"),
        ("fetch_min_bytes", True, "must be a whole number, 0 or more"),
        ("check_crcs", 1, "must be true or false"),
        ("ssl_cafile", "", "must be a non-empty text"),
        ("api_version", "4.1", "must be a list of whole numbers such as [4, 1]"),
        ("security_protocol", "TLS", "must be one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL"),
        ("partition_assignment_strategy", ["range", "best"], "must be one of range, roundrobin"),
        ("enable_auto_commit", True, "cannot be set here"),
        ("acks", 1, "no option 'acks' for this client"),
    ],
)
def test_a_fault_is_told_at_its_own_key(name: str, value: Any, fault: str) -> None:
    with pytest.raises(ValidationError) as caught:
        options(**{name: value})
    (error,) = caught.value.errors()
    assert error["loc"] == ("client", name)
    assert fault in error["msg"]


def test_all_faults_are_told_at_once_and_no_secret_with_them() -> None:
    with pytest.raises(ValidationError) as caught:
        options(sasl_plain_password=1234567, fetch_max_wait_ms=-1, nonsense=1)
    assert [error["loc"][1] for error in caught.value.errors()] == [
        "sasl_plain_password",
        "fetch_max_wait_ms",
        "nonsense",
    ]
    assert "1234567" not in str(caught.value)


def test_a_producer_has_its_own_options() -> None:
    assert KafkaPredictions.Options(topic="t", client={"compression_type": "gzip"})
    with pytest.raises(ValidationError, match="no option 'fetch_min_bytes' for this client"):
        KafkaPredictions.Options(topic="t", client={"fetch_min_bytes": 1})


def test_an_inline_password_reaches_the_client_and_no_text() -> None:
    secret = "hunter2"  # noqa: S105  # of nobody
    given = options(sasl_plain_password=secret, sasl_plain_username="me")
    assert secret not in f"{given!r} {given} {given.model_dump()} {given.model_dump_json()}"
    assert given.consumer_config()["sasl_plain_password"] == secret


def test_secrets_come_from_files_each_time_anew(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    given = options(sasl_plain_password_file=str(file), ssl_password_file=str(file))
    for content in ("first", "second"):
        file.write_text(f"{content}\n")
        config = given.consumer_config()
        assert config["sasl_plain_password"] == config["ssl_password"] == content
        assert "sasl_plain_password_file" not in config


def test_a_secret_file_that_is_missing_is_named() -> None:
    with pytest.raises(OSError, match=r"client\.ssl_password_file: .*nowhere"):
        options(ssl_password_file="/nowhere/at/all").consumer_config()  # noqa: S106  # a path


def test_a_token_file_becomes_a_token_provider(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("abc\n")
    provider = options(sasl_oauth_token_file=str(file)).consumer_config()["sasl_oauth_token_provider"]
    assert isinstance(provider, FileToken)
    assert provider.token() == "abc"


def test_a_token_provider_is_loaded_by_its_name() -> None:
    name = f"{FileToken.__module__}:FileTokenOfMine"
    with pytest.raises(ValidationError, match="has no attribute 'FileTokenOfMine'"):
        options(sasl_oauth_token_provider=name)
    named = options(sasl_oauth_token_provider=f"{__name__}:Tokens").consumer_config()
    assert named["sasl_oauth_token_provider"].token() == "mine"


class Tokens(FileToken):
    def __init__(self) -> None:
        super().__init__("")

    def token(self) -> str:
        return "mine"


@pytest.mark.parametrize("name", ["os:getpid", "builtins:exec", "connectors.record:LocalRecord", "getpid"])
def test_what_is_no_token_provider_is_refused_and_not_called(name: str) -> None:
    with pytest.raises(ValidationError, match=r"must be package\.module:Class|cannot use"):
        options(sasl_oauth_token_provider=name)


@pytest.mark.parametrize(
    ("servers", "words"),
    [
        ("kafka", "'kafka' has no port; write host:port, such as kafka:9092"),
        ("a:9092,b", "'b' has no port"),
        (("a:9092", "b"), "'b' has no port"),
        ("::1", "'::1' is not host:port"),
        ("a:0", "is not host:port"),
        ("a:65536", "is not host:port"),
        ("a:x", "is not host:port"),
        ("a:9092,", "an address is empty"),
        ("", "an address is empty"),
    ],
)
def test_a_broker_without_a_port_is_refused(servers: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(words)):
        KafkaSource.Options(topics=("t",), bootstrap_servers=servers)


@pytest.mark.parametrize("servers", ["a:9092", " a:1 , [::1]:9093", ("a:9092", "10.0.0.1:9092"), "SSL://a:9093"])
def test_brokers_with_ports_are_taken(servers: Any) -> None:
    assert KafkaSource.Options(topics=("t",), bootstrap_servers=servers).bootstrap_servers == servers


def test_assignors_and_versions_become_what_kafka_python_takes() -> None:
    config = options(partition_assignment_strategy=["cooperative-sticky"], api_version=[4, 1]).consumer_config()
    assert config["partition_assignment_strategy"] == [CooperativeStickyAssignor]
    assert config["api_version"] == (4, 1)
    one = options(partition_assignment_strategy="range").consumer_config()
    assert one["partition_assignment_strategy"] == [RangePartitionAssignor]


def test_what_exactness_rests_on_cannot_be_changed() -> None:
    config = options(max_partition_fetch_bytes=12_000_000).consumer_config()
    assert config["enable_auto_commit"] is False
    assert config["auto_offset_reset"] == "none"
    assert config["isolation_level"] == "read_committed"
    assert config["allow_auto_create_topics"] is False
    assert config["max_partition_fetch_bytes"] == 12_000_000
