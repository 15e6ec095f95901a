"""Settings that a saved state depends on."""

from __future__ import annotations

FROM_PYTHON = "from_python"
"""Stands in place of a source's positions in a state that was begun from Python: see the package ``retaind``."""


def require_saved_setting(path: str, *, saved: int, configured: int) -> None:
    """Refuse a state that was saved under another value of the setting at YAML path ``path``.

    Raises ValueError naming the setting, both values and the remedy.

    >>> require_saved_setting("retention.probe_rows", saved=500, configured=500)
    """
    if saved != configured:
        msg = (
            f"{path} is {configured}, but the saved state was written with {saved}: "
            f"set it back to {saved}, or start with an empty state directory"
        )
        raise ValueError(msg)
