"""Secrets do not leave; everything else does."""

from __future__ import annotations

import pytest

from daemon.process.redaction import REDACTED, redacted

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "sasl_plain_password",
        "ssl_password",
        "SSL-Password",
        "client_secret",
        "token",
        "oauth_tokens",
        "api_key",
        "apikey",
        "private_key",
        "Authorization",
        "sasl_jaas_config",
        "credentials",
    ],
)
def test_what_stands_under_a_telling_key_is_hidden_at_any_depth(key: str) -> None:
    assert redacted({key: "hunter2"}) == {key: REDACTED}
    assert redacted({"source": [{"options": {key: {"value": "hunter2"}}}]}) == {
        "source": [{"options": {key: REDACTED}}]
    }


@pytest.mark.parametrize("key", ["password_file", "ssl_keyfile", "key", "tokenizer", "secretary", "event", "keys"])
def test_other_keys_and_paths_of_secrets_are_shown(key: str) -> None:
    assert redacted({key: "/run/secrets/kafka"}) == {key: "/run/secrets/kafka"}


def test_an_absent_secret_is_shown_as_absent() -> None:
    assert redacted({"password": None}) == {"password": None}


@pytest.mark.parametrize("cut", [len(KEY), 60])
def test_private_keys_are_hidden_wherever_they_stand_even_cut_off(cut: int) -> None:
    text = redacted({"error": f"cannot read {KEY[:cut]}"})["error"]
    assert text == f"cannot read {REDACTED}"


def test_passwords_in_urls_are_hidden() -> None:
    assert (
        redacted("registry https://me:p:w@host:8081/x failed")
        == f"registry https://me:{REDACTED}@host:8081/x failed"
    )
    assert redacted(b"http://me:pw@host") == f"http://me:{REDACTED}@host"
    assert redacted("http://host:8081/a@b") == "http://host:8081/a@b"


def test_a_structure_without_end_is_cut() -> None:
    endless: dict[str, object] = {}
    endless["again"] = endless
    assert REDACTED in str(redacted(endless))
