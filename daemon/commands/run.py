"""`retaind run`: the daemon itself."""

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import structlog
import typer
from kafka.errors import KafkaConfigurationError

from connectors.kafka.positions import PositionLostError
from connectors.printable import printable
from connectors.sink import SinkUnavailableError
from connectors.source import SourceDataError, SourceUnavailableError
from daemon.build.load import load
from daemon.config.errors import ConfigError
from daemon.config.schema import Config
from daemon.intake.labels.alone import ALONE
from daemon.loop.reject_counts import NothingLearnedError
from daemon.loop.reject_limit import TooManyRejectsError
from daemon.process.cycles import spare_events
from daemon.process.exit_codes import ExitCode
from daemon.process.logs import logging_to
from daemon.process.notify import Notify
from daemon.process.signals import Signals
from daemon.process.tables import console_for_tables
from daemon.report.summary import RunSummary
from daemon.report.summary_tables import print_summary
from daemon.service import Service
from daemon.state.state_error import StateError
from daemon.web.listener import AddressUnavailableError

log = structlog.get_logger("retaind")

EXIT_CODES: dict[type[Exception], ExitCode] = {
    ConfigError: ExitCode.CONFIG,
    KafkaConfigurationError: ExitCode.CONFIG,
    StateError: ExitCode.IO,
    AddressUnavailableError: ExitCode.UNAVAILABLE,
    SinkUnavailableError: ExitCode.UNAVAILABLE,
    SourceUnavailableError: ExitCode.UNAVAILABLE,
    PositionLostError: ExitCode.DATA,
    SourceDataError: ExitCode.DATA,
    TooManyRejectsError: ExitCode.DATA,
    NothingLearnedError: ExitCode.DATA,
}
"""What an operator can do something about; anything else is a fault of the program."""


def run(
    config: Annotated[Path, typer.Option("--config", "-c", help="The configuration file (YAML).")],
) -> None:
    """Learn from the configured stream until told to stop.

    SIGTERM or SIGINT stops after a final checkpoint, a second one at once. SIGHUP reads the file again and applies
    what has changed, if all of it can change while the daemon runs; else nothing. SIGUSR1 opens files of
    predictions and dead letters anew, as logrotate asks for. SIGUSR2 consolidates what is learned by now, as a task
    boundary does. A restart resumes from the newest good checkpoint.

    Exit codes: 0 stopped as asked or end of the stream, 65 the stream itself is bad, 69 a dependency is out of
    reach, 70 a fault of the program, 74 the state directory is unusable, 78 the configuration is wrong.
    """
    loaded = load(config, environ=os.environ)
    with logging_to(sys.stderr, level=loaded.log.level, form=loaded.log.format):
        code = serve(loaded, read=partial(load, config, environ=os.environ))
    raise typer.Exit(code)


def serve(config: Config, *, read: Callable[[], Config]) -> ExitCode:
    """Run the daemon to its end and return what it ended of; the reason is in the log. ``read`` reads it again."""
    try:
        with Signals() as signals, Service(config, notify=Notify(), read=read) as service:
            spare_events()
            service.run(
                stop=lambda: signals.stop_requested,
                consolidate=signals.take_consolidation,
                reopen=signals.take_reopening,
                reload=signals.take_reload,
            )
            if service.source.exhausted:
                _say_what_came_of_it(service)
    except tuple(EXIT_CODES) as error:
        code = next(code for kind, code in EXIT_CODES.items() if isinstance(error, kind))
        log.error("stopped", reason=str(error), exit_code=int(code))  # noqa: TRY400 - the reason is enough
        return code
    except Exception:
        log.exception("stopped by a fault of the program; a restart resumes from the newest checkpoint")
        return ExitCode.SOFTWARE
    return ExitCode.OK


def _say_what_came_of_it(service: Service) -> None:
    """Print a table at the end of a stream that has one; not where it goes on, and a restart would too."""
    console = console_for_tables()
    for target, pipeline in service.loop.pipeline.snapshot().by_target.items():
        if target != ALONE:
            console.print(f"\ntarget {printable(target)}")
        print_summary(RunSummary.of_snapshot(pipeline, rejected=service.rejects), console)
