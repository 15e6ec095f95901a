"""`retaind run`: the daemon itself."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import structlog
import typer

from daemon.config.errors import ConfigError
from daemon.exit_codes import ExitCode

if TYPE_CHECKING:
    from daemon.config.schema import Config

log = structlog.get_logger("retaind")


def run(
    config: Annotated[Path, typer.Option("--config", "-c", help="The configuration file (YAML).")],
) -> None:
    """Learn from the configured stream until told to stop.

    SIGTERM or SIGINT stops after a final checkpoint, a second one at once. A restart resumes from the newest good
    checkpoint. Exit codes: 0 stopped as asked or end of the stream, 65 the stream itself is bad, 69 a dependency
    is out of reach, 70 a fault of the program, 74 the state directory is unusable, 78 the configuration is wrong.
    """
    from daemon.config.load import load  # noqa: PLC0415 - brings torch, which other commands do without
    from daemon.logs import logging_to  # noqa: PLC0415

    loaded = load(config, environ=os.environ)
    with logging_to(sys.stderr, level=loaded.log.level, form=loaded.log.format):
        code = _serve(loaded)
    raise typer.Exit(code)


def _serve(config: "Config") -> ExitCode:
    from connectors.sink import SinkUnavailableError  # noqa: PLC0415
    from connectors.source import SourceUnavailableError  # noqa: PLC0415
    from daemon.http_server import AddressUnavailableError  # noqa: PLC0415
    from daemon.notify import Notify  # noqa: PLC0415
    from daemon.rejections import TooManyRejectsError  # noqa: PLC0415
    from daemon.service import Service  # noqa: PLC0415
    from daemon.signals import Signals  # noqa: PLC0415
    from daemon.state_error import StateError  # noqa: PLC0415

    try:
        with Signals() as signals, Service(config, notify=Notify()) as service:
            service.run(stop=lambda: signals.stop_requested)
    except ConfigError:
        raise
    except StateError as error:
        return _fatal(error, ExitCode.IO)
    except (AddressUnavailableError, SinkUnavailableError, SourceUnavailableError) as error:
        return _fatal(error, ExitCode.UNAVAILABLE)
    except TooManyRejectsError as error:
        return _fatal(error, ExitCode.DATA)
    except Exception:
        log.exception("stopped by a fault of the program; a restart resumes from the newest checkpoint")
        return ExitCode.SOFTWARE
    return ExitCode.OK


def _fatal(error: Exception, code: ExitCode) -> ExitCode:
    log.error("stopped", reason=str(error), exit_code=int(code))
    return code
