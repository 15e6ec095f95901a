"""Who may read the daemon's HTTP server, and how: the file that Prometheus' own exporters take.

Form: exporter-toolkit's web configuration (``tls_server_config``, ``basic_auth_users``).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from daemon.config.document import parse, read_bytes
from daemon.config.errors import ConfigError, Problem
from daemon.options import Section
from daemon.web.tls import Tls, Verified

if TYPE_CHECKING:
    from daemon.config.schema import Config

_BCRYPT = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}")
_COSTS = range(4, 17)
"""Each is twice the work of the one before; the last takes seconds."""


class TlsServerConfig(Section):
    """TLS, with the server's certificate and, if wanted, the clients'."""

    cert_file: Path = Field(description="Certificate of the server with its chain, PEM.")
    key_file: Path = Field(description="Private key of the certificate, PEM, not encrypted.")
    client_ca_file: Path | None = Field(
        None, description="Certificate authority that signs client certificates, PEM."
    )
    client_auth_type: Verified = "NoClientCert"
    min_version: Literal["TLS12", "TLS13"] = "TLS12"

    @model_validator(mode="after")
    def _authority_and_wish_go_together(self) -> Self:
        if (self.client_ca_file is None) != (self.client_auth_type == "NoClientCert"):
            raise ValueError("client_ca_file and a client_auth_type that verifies clients belong together")
        return self

    def tls(self) -> Tls:
        """Return what TLS is spoken with."""
        return Tls(
            cert_file=str(self.cert_file),
            key_file=str(self.key_file),
            client_ca_file=None if self.client_ca_file is None else str(self.client_ca_file),
            client_auth_type=self.client_auth_type,
            min_version=self.min_version,
        )


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
            matched = _BCRYPT.fullmatch(secret)
            if matched is None:
                raise ValueError(f"{name}: not a bcrypt hash; `htpasswd -nB {name}` prints one")
            if int(matched[1]) not in _COSTS:
                raise ValueError(
                    f"{name}: a bcrypt hash of cost {int(matched[1])}; expected {_COSTS[0]} to {_COSTS[-1]}:"
                    f" `htpasswd -nB -C 10 {name}` prints one"
                )
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
            tls = config.tls_server_config.tls()
            tls.context()
            tls.ends()
        except (OSError, ValueError) as error:
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
