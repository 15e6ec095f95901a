"""What the daemon itself has in its state directory, and nobody else may write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.state.audit_log import AuditLog
from daemon.state.erasure_request import ErasureRequest
from daemon.state.key_digests import KeyDigests
from daemon.state.rebuild_plan import rebuild_directory
from daemon.state.rebuilt_offer import RebuiltOffer
from daemon.state.state_lock import lock_path
from daemon.state.store_path import store_path

if TYPE_CHECKING:
    from pathlib import Path


def own_places(directory: Path) -> tuple[Path, ...]:
    """Return all files and directories of a state directory; some may not be there yet."""
    audit = AuditLog(directory)
    own = (store_path(directory), lock_path(directory), put_back_path(directory), ErasureRequest.path(directory))
    rebuilt = (rebuild_directory(directory), RebuiltOffer.path(directory))
    return (*own, *rebuilt, audit.path, audit.lock_path, audit.erasures_path, KeyDigests(directory).path)


def put_back_path(directory: Path) -> Path:
    """Return where the dead letters that were put back are written down."""
    return directory / "put_back.jsonl"
