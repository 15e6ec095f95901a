"""The tokens that the configuration asks of whoever changes the daemon over HTTP, or asks its model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from daemon.web.token_file import TokenFile, UnusableTokenError

if TYPE_CHECKING:
    from daemon.config.schema import Config


def control_token(config: Config) -> TokenFile | None:
    """Return the configured token, None where nobody may; raise ``ConfigError`` where the file has none."""
    control = config.http.control
    return None if control is None else _usable(config, control.token_file, path=("http", "control"))


def serving_token(config: Config) -> TokenFile | None:
    """Return the token of whoever asks the model, None where none is asked for; raise ``ConfigError`` likewise."""
    file = None if config.serving is None else config.serving.token_file
    return None if file is None else _usable(config, file, path=("serving",))


def _usable(config: Config, file: str, *, path: tuple[str, ...]) -> TokenFile:
    token = TokenFile(Path(file))
    try:
        token.read()
    except UnusableTokenError as error:
        raise config.error((*path, "token_file"), str(error)) from error
    return token
