"""Who may read the daemon's HTTP server, and how: the file that Prometheus' own exporters take.

Form: exporter-toolkit's web configuration (``tls_server_config``, ``basic_auth_users``).
"""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from daemon.config.document import parse, read_bytes
from daemon.config.errors import ConfigError, Problem
from daemon.options import Section

if TYPE_CHECKING:
    from daemon.config.schema import Config

_BCRYPT = re.compile(r"\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}")
_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_CERTIFICATES = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}


class TlsServerConfig(Section):
    """TLS, with the server's certificate and, if wanted, the clients'."""

    cert_file: Path = Field(description="Certificate of the server with its chain, PEM.")
    key_file: Path = Field(description="Private key of the certificate, PEM, not encrypted.")
    client_ca_file: Path | None = Field(
        None, description="Certificate authority that signs client certificates, PEM."
    )
    client_auth_type: Literal["NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"] = (
        "NoClientCert"
    )
    min_version: Literal["TLS12", "TLS13"] = "TLS12"

    @model_validator(mode="after")
    def _authority_and_wish_go_together(self) -> Self:
        if (self.client_ca_file is None) != (self.client_auth_type == "NoClientCert"):
            raise ValueError("client_ca_file and a client_auth_type that verifies clients belong together")
        return self

    def context(self) -> ssl.SSLContext:
        """Return what sockets are wrapped with; raise ``OSError`` where a file is not what it should be."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = _VERSIONS[self.min_version]
        context.load_cert_chain(self.cert_file, self.key_file)
        context.verify_mode = _CERTIFICATES[self.client_auth_type]
        if self.client_ca_file is not None:
            context.load_verify_locations(self.client_ca_file)
        return context


class WebConfig(Section):
    """The whole file."""

    tls_server_config: TlsServerConfig | None = None
    basic_auth_users: dict[str, str] = Field(
        default_factory=dict, description="A bcrypt hash for each user name, as htpasswd -B writes it."
    )

    @field_validator("basic_auth_users")
    @classmethod
    def _hashed(cls, users: dict[str, str]) -> dict[str, str]:
        for name, secret in users.items():
            if not _BCRYPT.fullmatch(secret):
                raise ValueError(f"{name}: not a bcrypt hash; `htpasswd -nB {name}` prints one")
        return users


def web_config(config: Config) -> WebConfig:
    """Return what ``http.web_config`` asks for, nothing where it is not set; raise as ``load_web_config`` does."""
    named = config.http.web_config
    return WebConfig() if named is None else load_web_config(Path(named))


def load_web_config(path: Path) -> WebConfig:
    """Read the file; relative paths in it are from its folder. Raises ``ConfigError`` with all that is wrong."""
    document = parse(read_bytes(path), file=str(path), environ={})
    try:
        config = _from(path.parent, WebConfig.model_validate(document.value))
    except ValidationError as error:
        # The line itself is not shown: what stands in place of a hash may be the password.
        found = [
            Problem(str(path), document.position(each["loc"]), each["loc"], each["msg"])
            for each in error.errors(include_url=False, include_input=False)
        ]
        raise ConfigError([*document.problems, *found]) from None
    if document.problems:
        raise ConfigError(document.problems)
    if config.tls_server_config is not None:
        try:
            config.tls_server_config.context()
        except OSError as error:
            problem = document.problem(("tls_server_config",), f"its files cannot be used: {error}")
            raise ConfigError([problem]) from error
    return config


def _from(folder: Path, config: WebConfig) -> WebConfig:
    tls = config.tls_server_config
    if tls is None:
        return config
    names = ("cert_file", "key_file", "client_ca_file")
    found = {name: folder / path for name in names if (path := getattr(tls, name)) is not None}
    return config.model_copy(update={"tls_server_config": tls.model_copy(update=found)})
