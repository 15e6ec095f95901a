"""What the audit log tells a key by, without naming it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING, Final

from daemon.state.durable import sync_directory, write_file
from daemon.state.state_error import state_io

if TYPE_CHECKING:
    from pathlib import Path

_SECRET_BYTES: Final = 32


class KeyDigests:
    """HMAC-SHA-256 with the secret in ``DIRECTORY/erasures.secret``.

    Whoever has both files can ask whether a certain key was erased, whoever has the log alone cannot guess keys.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / "erasures.secret"
        self._secret: bytes | None = None

    def of(self, key: bytes) -> str:
        """Return what a key is told by; the secret is made where there is none. Raises ``StateError``."""
        if self._secret is None:
            with state_io(self.path, "read or write"):
                if not self.path.exists():
                    self._make()
                self._secret = self.path.read_bytes()
        return hmac.new(self._secret, key, hashlib.sha256).hexdigest()

    def _make(self) -> None:
        temporary = self.path.with_name(".erasures.secret")
        temporary.unlink(missing_ok=True)
        write_file(temporary, [secrets.token_bytes(_SECRET_BYTES)])
        temporary.chmod(0o600)
        temporary.rename(self.path)
        sync_directory(self.path.parent)
