"""The server's certificate, which is read again when its files change."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from daemon.web.der import ends_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemon.telemetry.metrics.http import HttpMetrics

Verified = Literal["NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"]
_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_CERTIFICATES = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}


@dataclass(frozen=True, slots=True)
class Tls:
    """What TLS is spoken with; paths of files in PEM form."""

    cert_file: str
    key_file: str
    client_ca_file: str | None = None
    client_auth_type: Verified = "NoClientCert"
    min_version: Literal["TLS12", "TLS13"] = "TLS12"

    def context(self) -> ssl.SSLContext:
        """Return what sockets are wrapped with; raise ``OSError`` where a file is not what it should be."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = _VERSIONS[self.min_version]
        context.load_cert_chain(self.cert_file, self.key_file, password=_no_passphrase)
        context.verify_mode = _CERTIFICATES[self.client_auth_type]
        if self.client_ca_file is not None:
            context.load_verify_locations(self.client_ca_file)
        return context

    def ends(self) -> float:
        """Return the Unix time until which the certificate is valid; raise ``ValueError`` where there is none."""
        return ends_at(Path(self.cert_file).read_text(encoding="ascii", errors="replace"))

    def print_of_files(self) -> tuple[object, ...]:
        """Return what changes when one of the files does, or is replaced."""
        files = (self.cert_file, self.key_file, self.client_ca_file)
        return tuple(_print_of(Path(file)) for file in files if file is not None)


class WatchedTls:
    """Reads the files again when they have changed; a pair that cannot be used leaves the former one in place."""

    def __init__(self, tls: Tls, *, metrics: HttpMetrics, log: Callable[..., None]) -> None:
        """``log`` is told a level, an event and what belongs to it. Raises as ``Tls.context``."""
        self._tls = tls
        self._metrics = metrics
        self._log = log
        self._print = tls.print_of_files()
        self.context = tls.context()
        """Of connections to come."""
        metrics.certificate(ends_at=tls.ends())

    def look(self) -> None:
        """Look whether the files have changed."""
        now = self._tls.print_of_files()
        if now == self._print:
            return
        self._print = now
        try:
            context, ends = self._tls.context(), self._tls.ends()
        except (OSError, ValueError) as error:
            self._metrics.certificates_changed("refused")
            self._log("error", "changed certificate not used, the former one stays", reason=str(error))
        else:
            self.context = context
            self._metrics.certificate(ends_at=ends)
            self._metrics.certificates_changed("applied")
            self._log("info", "certificate read again", cert_file=self._tls.cert_file)


def _no_passphrase() -> str:
    raise OSError("the private key is encrypted; `openssl pkey -in KEY -out NEW` takes the passphrase off it")


def _print_of(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
