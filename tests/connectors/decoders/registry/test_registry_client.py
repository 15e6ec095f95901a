"""What a registry answers, and what is made of it: a schema, a reject, or a wait."""

from __future__ import annotations

import json
import ssl
from base64 import b64encode
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
import trustme
from pydantic import ValidationError

from connectors.decoder import DecoderUnavailableError
from connectors.decoders.avro import AvroMessages, AvroOptions
from connectors.decoders.envelope import RejectedError
from connectors.decoders.json_messages import JsonMessages
from connectors.decoders.json_options import JsonOptions
from connectors.decoders.registry.registry_client import LARGEST_ANSWER_BYTES, RegistryClient
from connectors.decoders.registry.registry_options import RegistryOptions
from connectors.decoders.registry.schema_cache import ASK_AGAIN_SECONDS, LAST_BACKOFF_SECONDS, SchemaCache
from connectors.decoders.registry.wire_format import HEADER
from tests.connectors.decoders.registry.sent import avro, double, prefix, reading, record
from tests.registry.gate import Gate, holding

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = reading(double("temp"))
GUID = UUID("1bce5cf2-43d5-4d2a-bd8c-9e64aa3d0a6e")
HELD = holding(
    {
        path: {"schema": json.dumps(SCHEMA)}
        for path in ("/schemas/ids/7", f"/schemas/guids/{GUID}", "/sub/schemas/ids/7")
    }
)
VALUE = avro(SCHEMA, {"fault": "leak", "temp": 21.5})


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def decoder(url: str, **registry: Any) -> AvroMessages:
    options = {"registry": {"url": url} | registry, "label": "fault"}
    return AvroMessages(AvroOptions.model_validate(options))


@pytest.mark.parametrize(
    "sent",
    [
        record(prefix(7) + VALUE),
        record(prefix(GUID) + VALUE),
        record(VALUE, headers=[(HEADER, prefix(7))]),
        record(VALUE, headers=[("other", b""), (HEADER, prefix(GUID))]),
    ],
    ids=["id", "guid", "id in a header", "guid in a header"],
)
def test_a_schema_is_named_in_each_way_of_the_wire_format_and_asked_for_once(sent: Any) -> None:
    with Gate(HELD) as gate:
        made = decoder(gate.url + "/")
        for _ in range(3):
            made.prepare([sent, sent])
            rows, rejects = made.decode([sent, sent])
            assert not rejects
            assert rows.x.tolist() == [[21.5]] * 2
        assert len(gate.asked) == 1


def test_an_address_may_have_a_path() -> None:
    with Gate(HELD) as gate:
        assert decoder(f"{gate.url}/sub/").decode([record(prefix(7) + VALUE)])[0].label == ["leak"]


def test_json_behind_the_header_is_named_or_read() -> None:
    sent = record(prefix(7) + b'{"temp": 21.5}')
    rows, _ = JsonMessages(JsonOptions(registry_header=True)).decode([sent, record(b'{"temp": 1}')])
    assert rows.x.tolist() == [[21.5]]
    _, [reject] = JsonMessages(JsonOptions()).decode([sent])
    assert "schema id 7" in reject.message
    assert "registry_header: true" in reject.message
    _, [other] = JsonMessages(JsonOptions()).decode([record(prefix(GUID) + VALUE)])
    assert str(GUID) in other.message
    assert "type: avro" in other.message


def test_tls_and_a_password_or_a_token_get_in(tmp_path: Path) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    (tmp_path / "secret").write_text("open sesame\n")
    options = {"ca_file": str(tmp_path / "ca.pem")}
    basic = {"username": "ada", "password_file": str(tmp_path / "secret")}
    token = {"token_file": str(tmp_path / "secret")}
    sent = [record(prefix(7) + VALUE)]
    with Gate(HELD, tls=context) as gate:
        for allowed, said in (
            (basic, "Basic " + b64encode(b"ada:open sesame").decode()),
            (token, "Bearer open sesame"),
        ):
            gate.authorization = said
            assert decoder(gate.url, **options, **allowed).decode(sent)[0].label == ["leak"]
            for refused, why in (
                (options, "refuses the credentials"),
                (allowed, "CERTIFICATE_VERIFY_FAILED"),
                (options | {"token_file": str(tmp_path / "none")}, "No such file"),
            ):
                with pytest.raises(DecoderUnavailableError, match=why) as error:
                    decoder(gate.url, **refused).prepare(sent)
                assert "sesame" not in str(error.value)


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (404, b"<html>not here</html>", "as no schema registry does"),
        (404, b'{"error_code": 404, "message": "HTTP 404 Not Found"}', "as no schema registry does"),
        (200, b"[]", "as no schema registry does"),
        (200, b"<html>sign in</html>", "as no schema registry does"),
        (301, b"", "HTTP 301"),
        (403, b"{}", "refuses the credentials"),
        (429, b"{}", "HTTP 429"),
        (503, b'{"error_code": 50001}', "HTTP 503"),
        (200, b" " * (LARGEST_ANSWER_BYTES + 1), "bytes"),
    ],
)
def test_whatever_says_nothing_of_the_schema_lets_the_stream_wait(status: int, body: bytes, why: str) -> None:
    sent = [record(prefix(7) + VALUE)]
    with Gate(lambda _: (status, body)) as gate:
        made = decoder(gate.url)
        with pytest.raises(DecoderUnavailableError, match=why) as error:
            made.prepare(sent)
        assert gate.url in str(error.value)
    with pytest.raises(DecoderUnavailableError):  # gone altogether
        decoder(gate.url).prepare(sent)


def test_a_registry_that_fails_is_asked_again_with_growing_pauses_and_the_reason_is_known_at_once() -> None:
    clock, ready = Clock(), False
    with Gate(lambda path: HELD(path) if ready else (503, b"")) as gate:
        cache = SchemaCache(RegistryClient(RegistryOptions(url=gate.url)), lambda each: each.text, monotonic=clock)
        for _ in range(400):
            with pytest.raises(DecoderUnavailableError, match="503"):
                cache.prepare([7])
            clock.now += 1.0
        assert 15 <= len(gate.asked) <= 20
        ready = True
        clock.now += LAST_BACKOFF_SECONDS
        assert json.loads(cache.get(7)) == SCHEMA


def test_a_schema_that_was_not_there_is_asked_for_again_after_a_while() -> None:
    clock, there = Clock(), False
    with Gate(lambda path: HELD(path if there else "/none")) as gate:
        cache = SchemaCache(RegistryClient(RegistryOptions(url=gate.url)), lambda each: each.text, monotonic=clock)
        for _ in range(3):
            cache.prepare([7])
        assert len(gate.asked) == 1
        there = True
        clock.now += ASK_AGAIN_SECONDS
        with pytest.raises(RejectedError):
            cache.get(7)  # what is decoded was prepared, and nothing is asked for then
        assert len(gate.asked) == 1
        cache.prepare([7])
        assert json.loads(cache.get(7)) == SCHEMA


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"schema": "not JSON"},
        {"schema": '{"type": "record"}'},
        {"schema": "[" * 9_999},
        {"schema": "{}", "references": [{}]},
        {"schema": "{}", "references": 3},
        {"schema": json.dumps(SCHEMA), "references": [{"name": "a", "subject": "gone", "version": 1}]},
        {"schema": json.dumps(reading({"name": "x", "type": "Unknown"}))},
    ],
)
def test_a_schema_that_cannot_be_used_rejects_its_events_by_name(answer: dict[str, Any]) -> None:
    with Gate(holding({"/schemas/ids/7": answer})) as gate:
        _, [reject] = decoder(gate.url).decode([record(prefix(7) + VALUE)])
    assert (reject.reason, "id 7" in reject.message) == ("undecodable", True)


def test_a_readers_schema_that_is_not_there_lets_the_stream_wait() -> None:
    with Gate(HELD) as gate:
        options = {"registry": {"url": gate.url}, "reader_schema_id": 8}
        made = AvroMessages(AvroOptions.model_validate(options))
        with pytest.raises(DecoderUnavailableError, match=r"reader_schema_id.*id 8"):
            made.prepare([record(prefix(7) + VALUE)])


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"url": "registry:8081"}, "https://"),
        ({"url": "http://ada:secret@registry:8081"}, "password_file"),
        ({"url": "http://registry", "username": "ada"}, "go together"),
        ({"url": "http://registry", "username": "a", "password_file": "b", "token_file": "c"}, "either"),
        ({"url": "http://registry", "ca_file": "ca.pem"}, "TLS"),
        ({"url": "https://registry", "key_file": "key.pem"}, "cert_file"),
        ({"url": "https://registry", "pasword_file": "x"}, "pasword_file"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        RegistryOptions.model_validate(options)
