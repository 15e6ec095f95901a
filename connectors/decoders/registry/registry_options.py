"""The options of a schema registry."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator


class RegistryOptions(BaseModel):
    """A schema registry with Confluent's interface, and how to get in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(
        description="Address of the registry, such as https://registry:8081; for Apicurio, with /apis/ccompat/v7."
    )
    username: str | None = Field(None, description="User for basic authentication; none by default.")
    password_file: str | None = Field(None, description="File with that user's password.")
    token_file: str | None = Field(None, description="File with a bearer token, read at each request.")
    ca_file: str | None = Field(
        None,
        description="File with the certificates (PEM) of who vouches for the registry; by default the system's.",
    )
    cert_file: str | None = Field(None, description="File with this client's certificate (PEM), for mutual TLS.")
    key_file: str | None = Field(None, description="File with its key, where that is not in cert_file.")
    timeout_seconds: float = Field(
        5.0, gt=0, le=30, description="Maximum time of a request, during which the stream waits."
    )

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("url must be an address such as https://registry:8081")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("url must hold neither a user nor a query; give username and password_file")
        if (self.username is None) != (self.password_file is None):
            raise ValueError("username and password_file go together")
        if self.token_file is not None and self.username is not None:
            raise ValueError("give either token_file, or username and password_file")
        if parts.scheme == "http" and (self.ca_file or self.cert_file):
            raise ValueError("ca_file and cert_file are for TLS; set url to an address with https")
        if self.key_file is not None and self.cert_file is None:
            raise ValueError("key_file needs cert_file")
        return self
