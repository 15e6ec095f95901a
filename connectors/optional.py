"""Libraries that only some decoders, or one of two clients, need."""

from __future__ import annotations

from importlib.util import find_spec


def require_installed(*modules: str, extra: str) -> None:
    """Raise ``ValueError`` with the remedy where one of the modules isn't installed.

    >>> require_installed("no_such_library", extra="avro")
    Traceback (most recent call last):
    ValueError: this needs no_such_library, which is not installed; install retaind[avro]
    """
    missing = [name for name in modules if not _is_installed(name)]
    if missing:
        raise ValueError(f"this needs {missing[0]}, which is not installed; install retaind[{extra}]")


def _is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # the package that it would be in
        return False
