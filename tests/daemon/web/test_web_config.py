from __future__ import annotations

from typing import TYPE_CHECKING

import bcrypt
import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from daemon.config.errors import ConfigError
from daemon.web.web_config import load_web_config

if TYPE_CHECKING:
    from pathlib import Path

HASH = bcrypt.hashpw(b"open sesame", bcrypt.gensalt(4)).decode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with certificates beside the configuration."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    server = authority.issue_cert("127.0.0.1")
    server.private_key_pem.write_to_path(str(tmp_path / "server.key"))
    server.cert_chain_pems[0].write_to_path(str(tmp_path / "server.pem"))
    return tmp_path


def written(folder: Path, text: str) -> Path:
    path = folder / "web.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_files_are_found_beside_it_whatever_the_working_directory(folder: Path) -> None:
    config = load_web_config(
        written(
            folder,
            "tls_server_config: {cert_file: server.pem, key_file: server.key}\n"
            f"basic_auth_users: {{ada: {HASH}}}",
        )
    )
    assert config.basic_auth_users == {"ada": HASH}
    assert config.tls_server_config is not None
    assert config.tls_server_config.cert_file == folder / "server.pem"


def test_clients_may_have_to_show_a_certificate_too(folder: Path) -> None:
    tls = "cert_file: server.pem, key_file: server.key, client_ca_file: authority.pem"
    config = load_web_config(
        written(folder, f"tls_server_config: {{{tls}, client_auth_type: RequireAndVerifyClientCert}}")
    )
    assert config.tls_server_config is not None
    assert config.tls_server_config.tls().context().verify_mode.name == "CERT_REQUIRED"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "basic_auth_users: {ada: open sesame}",
            r"web\.yml:1:\d+.*basic_auth_users.*ada: not a bcrypt hash.*htpasswd",
        ),
        ("tls_server_config: {cert_file: server.pem}", r"key_file.*required"),
        ("tls_server_config: {cert_file: server.pem, key_file: absent.key}", r"files cannot be used"),
        ("tls_server_config: {cert_file: server.key, key_file: server.key}", r"files cannot be used"),
        (
            "tls_server_config: {cert_file: server.pem, key_file: server.key, client_ca_file: authority.pem}",
            r"belong together",
        ),
        ("basic_auth_user: {}", r"basic_auth_user.*[Ee]xtra"),
        ("- a list", r"web\.yml"),
        ("", r"empty"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, words: str, folder: Path) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        load_web_config(written(folder, text))
    assert "open sesame" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.yml.*cannot be read"):
        load_web_config(tmp_path / "absent.yml")


@pytest.mark.parametrize(
    ("cost", "usable"), [("03", False), ("04", True), ("16", True), ("17", False), ("31", False)]
)
def test_a_hash_that_takes_no_time_or_for_ever_is_refused(folder: Path, cost: str, usable: bool) -> None:  # noqa: FBT001 - a case
    path = written(folder, f"basic_auth_users: {{ada: {HASH.replace('$04$', f'${cost}$')}}}")
    if usable:
        assert load_web_config(path).basic_auth_users
    else:
        with pytest.raises(
            ConfigError, match=r"web\.yml:1.*a bcrypt hash of cost \d+; expected 4 to 16.*htpasswd -nB -C 10 ada"
        ):
            load_web_config(path)


def test_an_encrypted_key_is_refused_and_nobody_is_asked_for_its_passphrase(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getpass", lambda *_: pytest.fail("asked"))
    key = serialization.load_pem_private_key((folder / "server.key").read_bytes(), password=None)
    locked = serialization.BestAvailableEncryption(b"open sesame")
    form = serialization.PrivateFormat.TraditionalOpenSSL
    (folder / "server.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, locked))
    path = written(folder, "tls_server_config: {cert_file: server.pem, key_file: server.key}")
    with pytest.raises(ConfigError, match="the private key is encrypted; `openssl pkey"):
        load_web_config(path)
