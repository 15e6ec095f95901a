"""Which retaind this is."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def retaind_version() -> str:
    """Return the installed version; "unknown" in a source tree."""
    try:
        return version("retaind")
    except PackageNotFoundError:  # run from a source tree
        return "unknown"
