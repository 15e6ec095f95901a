"""The token that the configuration asks of whoever changes the daemon over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from daemon.web.token_file import TokenFile, UnusableTokenError

if TYPE_CHECKING:
    from daemon.config.schema import Config


def control_token(config: Config) -> TokenFile | None:
    """Return the configured token, None where nobody may; raise ``ConfigError`` where the file has none."""
    control = config.http.control
    if control is None:
        return None
    token = TokenFile(Path(control.token_file))
    try:
        token.read()
    except UnusableTokenError as error:
        raise config.error(("http", "control", "token_file"), str(error)) from error
    return token
