"""Whether the data is what the configuration says: a look at some of it, as ``validate --sample`` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.source import SourceDataError, SourceUnavailableError
from daemon.config.errors import dotted
from daemon.doctor.finding import ok, problem, raised, warning
from daemon.doctor.quiet import quiet
from daemon.sample.look import look_at
from daemon.sample.remarks import remarks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.config.schema import Config
    from daemon.doctor.finding import Finding
    from daemon.doctor.setup import Setup

_ROWS, _MOST = 5_000, 50_000
_LONGEST_SECONDS = 3.0


def check_data(config: Config, setup: Setup) -> Iterator[Finding]:
    """Decode some of the stream from its beginning, with the labels and tasks that are configured."""
    wait = min(_LONGEST_SECONDS, setup.timeout_seconds)
    try:
        with quiet():
            look = look_at(config, rows=_ROWS, most=_MOST, wait_seconds=wait)
    except SourceDataError as error:
        yield raised(error)
        return
    except SourceUnavailableError as error:
        yield warning(f"the data could not be looked at: {error}", "mend that first, then look again")
        return
    found = remarks(look)
    for remark in found:
        make = problem if remark.fatal else warning
        yield make(f"{dotted(remark.path)}: {remark.found}", remark.remedy)
    if not found:
        fields = len(look.trial.fields)
        yield ok(f"{look.sample}: every one can be learned, with {fields} {'field' if fields == 1 else 'fields'}")
