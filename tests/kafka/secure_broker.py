"""A broker that wants a password, over TLS: SASL_SSL with SCRAM-SHA-512, and a certificate of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.kafka.broker import Broker, addresses, free_port
from tests.kafka.jars import java

USER, PASSWORD, STORE_PASSWORD = "ada", "cleared for take-off", "store-password"


class SecureBroker(Broker):
    """Beside the open listener at ``bootstrap``, by which tests prepare topics, a protected one at ``secure``."""

    def __init__(self) -> None:
        self._secrets = TemporaryDirectory(prefix="retaind-secrets-")
        folder = Path(self._secrets.name)
        _make_certificate(folder)
        self.authority = folder / "authority.pem"
        self.password_file = folder / "password"
        self.password_file.write_text(f"{PASSWORD}\n", encoding="utf-8")
        port = free_port()
        self.secure = f"127.0.0.1:{free_port()}"
        user = f'SCRAM-SHA-512=[name="{USER}",password="{PASSWORD}"]'
        settings = _protected(addresses(port, free_port()), at=self.secure, folder=folder)
        super().__init__(settings, port=port, format_options=["--add-scram", user])

    def close(self) -> None:
        """Stop, and remove all it has stored and its secrets."""
        super().close()
        self._secrets.cleanup()

    def client(self, **changes: Any) -> dict[str, Any]:
        """Return the options of a client that is let in, with changes."""
        return {
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": USER,
            "sasl_plain_password_file": str(self.password_file),
            "ssl_cafile": str(self.authority),
            "reconnect_backoff_max_ms": 500,
        } | changes


def _protected(open_to_all: dict[str, str], *, at: str, folder: Path) -> dict[str, str]:
    login = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    return open_to_all | {
        "listeners": f"{open_to_all['listeners']},SECURE://{at}",
        "advertised.listeners": f"{open_to_all['advertised.listeners']},SECURE://{at}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.secure.scram-sha-512.sasl.jaas.config": login,
        "ssl.keystore.type": "PKCS12",
        "ssl.keystore.location": str(folder / "broker.p12"),
        "ssl.keystore.password": STORE_PASSWORD,
    }


def _make_certificate(folder: Path) -> None:
    """Make a key with a self-signed certificate for 127.0.0.1, by the keytool that comes with Java."""
    keytool = Path(java()).resolve().with_name("keytool")
    store = ["-keystore", str(folder / "broker.p12"), "-storepass", STORE_PASSWORD, "-alias", "broker"]
    made = ["-genkeypair", "-keyalg", "EC", "-dname", "CN=broker", "-ext", "san=ip:127.0.0.1", "-validity", "2"]
    _run([str(keytool), *made, "-storetype", "PKCS12", *store])
    _run([str(keytool), "-exportcert", "-rfc", "-file", str(folder / "authority.pem"), *store])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout
